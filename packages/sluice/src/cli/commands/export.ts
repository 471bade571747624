import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Command, flagOption, textOption } from '../cli.ts'
import { systemOf } from './system.ts'

/** `sluice export`: the pipeline of the config as a document of another system, printed or written. */
export const command: Command = async (cli, input) => {
  const kind = systemOf(input.args[0])
  const { projectDir } = cli.globals
  const { settings } = await cli.host.loadConfig(projectDir, cli.interrupted)
  const { text, notes } = await cli.host.exportPipeline({ kind, projectDir, settings }, cli.interrupted)
  const to = textOption(input, 'output')
  const path = to === null ? null : resolve(cli.cwd, to)
  if (path !== null) {
    if (existsSync(path) && !flagOption(input, 'force'))
      throw new SluiceError('usage_invalid', {
        detail: `${path} is there already`,
        hint: `sluice export ${kind} --output ${to ?? ''} --force`,
      })
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
  if (cli.globals.json) cli.json({ ...(path === null ? { text } : { wrote: relative(cli.cwd, path) }), notes })
  else if (path === null) cli.stdout.write(text)
  else cli.print(`${cli.style.mark('done')} wrote  ${relative(cli.cwd, path)}`)
  for (const note of notes) cli.note(`${cli.noteStyle.mark('warn')} not carried over: ${note}`)
  return 0
}
