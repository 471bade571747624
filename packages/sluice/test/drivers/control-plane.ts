/** A control plane to be killed: starts and supervises what it is told to, and says so. Arguments: state directory, start request as JSON. */
import { processDriver } from '../../src/drivers/process/driver.ts'
import type { StartRequest } from '../../src/ports/driver.ts'
import { driverOptions } from './process-platform.ts'

const [stateDir = '', text = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const driver = processDriver(driverOptions(stateDir))
process.send?.('ready')
// Documented parser: the test that started this wrote it.
await driver.start(JSON.parse(text) as StartRequest, signal)
process.send?.('started')
await driver.supervise(signal)
