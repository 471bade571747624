/** A gateway as a program of its own, as control planes and gateways start it; the words are those of `start.ts`. */
import { gatewayCommand } from './start.ts'

process.exitCode = await gatewayCommand(process.argv.slice(2), '0.1.0')
