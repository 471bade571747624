/** Launches a command and never lets it begin; to be killed. Arguments: folder, command. */
import { join } from 'node:path'
import { launch } from '../../src/drivers/process/launch.ts'

const [folder = '', line = ''] = process.argv.slice(2)
const variables = { PATH: process.env['PATH'] ?? '' }
const { running } = launch({
  line,
  folder,
  variables,
  logFile: join(folder, 'gated.log'),
  behind: false,
  onEnded: () => {},
})
process.send?.(running.identity.pid)
setInterval(() => {}, 60_000)
