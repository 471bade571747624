/** A request on its way to the answer of its route. */
import type { Principal } from '../core/identity/access.ts'
import type { RequestTally } from './metrics/request-tally.ts'

/** See the file's header. */
export type Incoming = {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly streams: { open: number }
  readonly tally: RequestTally
  readonly principal: Principal
  /** Who sends it, looked at anew. */
  readonly recognise: (request: Request) => Promise<Principal>
  /** The address that asks. */
  readonly from: string | undefined
}
