/** The HAProxy router against Debian's real HAProxy. */
import { routerContract } from '../contracts/router.contract.ts'
import { haproxyWorld } from './haproxy-world.ts'

routerContract('the HAProxy router', haproxyWorld)
