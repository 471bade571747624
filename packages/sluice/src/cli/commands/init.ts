import { existsSync, readFileSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Command, flagOption, textOption } from '../cli.ts'
import { configText, detect } from '../detect.ts'
import { misplacedConfig } from '../project-directory.ts'

/** `sluice init`: looks at the project and writes a config that fits; asks nothing. */
export const command: Command = async (cli, input) => {
  // Here, and not in whatever is found above: who is in another folder than they think is to be told.
  const directory = textOption(input, 'project') === null ? cli.cwd : cli.globals.projectDir
  if (!existsSync(directory))
    throw new SluiceError('usage_invalid', {
      detail: `there is no folder ${directory}`,
      hint: '--project names a folder that is there',
    })
  const misplaced = misplacedConfig(directory)
  if (misplaced !== null)
    throw new SluiceError('usage_invalid', {
      detail: misplaced.why,
      hint: `cd '${misplaced.root}' && sluice init   (a job runs in a folder of it with workingDirectory)`,
    })
  const path = join(directory, 'sluice.config.ts')
  if (existsSync(path) && !flagOption(input, 'force')) {
    throw new SluiceError('usage_invalid', {
      detail: `${path} is there already`,
      hint: 'sluice validate   or   sluice init --force',
    })
  }
  const found = detect({
    directory,
    exists: (name) => existsSync(join(directory, name)),
    read: (name) => readText(join(directory, name)),
  })
  await writeFile(path, configText(found))
  const wrote = ['sluice.config.ts', ...(await ignoreState(directory))]
  const { settings } = await cli.host.loadConfig(directory, cli.interrupted)
  if (cli.globals.json) cli.json({ wrote, service: settings.service, found: found.evidence, missing: found.missing })
  else {
    for (const line of found.evidence) cli.print(`${cli.style.mark('done')} found  ${line}`)
    for (const line of found.missing) cli.print(`${cli.style.mark('warn')} ${line}`)
    cli.print(`${cli.style.mark('done')} wrote  ${wrote.join(', ')}`)
    cli.print('  next   commit it, then: sluice run')
  }
  return 0
}

const readText = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** The state keeps itself out of git by its own .gitignore; saying it once more where people look costs a line. */
const ignoreState = async (directory: string): Promise<readonly string[]> => {
  const path = join(directory, '.gitignore')
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null || /^\/?\.sluice\/?$/m.test(text)) return []
  await appendFile(path, `${text === '' || text.endsWith('\n') ? '' : '\n'}.sluice/\n`)
  return ['.gitignore']
}
