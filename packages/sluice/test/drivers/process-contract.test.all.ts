import { driverContract } from '../contracts/driver.contract.ts'
import { processPlatform } from './process-platform.ts'

driverContract('the process driver', processPlatform)
