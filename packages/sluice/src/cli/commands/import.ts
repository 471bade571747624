import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { noteText } from '../../core/pipeline/notes.ts'
import { type Command, flagOption } from '../cli.ts'
import { requireRepository } from '../project-directory.ts'
import { importPolicy, isPolicySystem } from './import-policy.ts'
import { systemOf } from './system.ts'

/** `sluice import`: writes the config that a pipeline of another system becomes, or the judge policy that its analysis becomes. */
export const command: Command = async (cli, input) => {
  const [system] = input.args
  if (isPolicySystem(system)) return importPolicy(system, cli, input)
  const kind = systemOf(input.args[0])
  const { projectDir } = cli.globals
  requireRepository(cli.globals)
  const path = join(projectDir, 'sluice.config.ts')
  if (existsSync(path) && !flagOption(input, 'force'))
    throw new SluiceError('usage_invalid', {
      detail: `${path} is there already`,
      hint: `sluice import ${kind} --force`,
    })
  const given = input.args[1]
  const file = given === undefined ? await usualFile(kind, projectDir) : relative(projectDir, resolve(cli.cwd, given))
  const { text, jobs, notes } = await cli.host.importPipeline({ kind, projectDir, file }, cli.interrupted)
  await writeFile(path, text)
  if (cli.globals.json) cli.json({ wrote: 'sluice.config.ts', from: file, jobs, notes })
  else {
    for (const note of notes) cli.print(`${cli.style.mark('warn')} ${noteText(note)}`)
    cli.print(`${cli.style.mark('done')} wrote  sluice.config.ts from ${file}; its comments say what has no word there`)
    cli.print('  next   sluice validate, commit it, then: sluice run')
  }
  return 0
}

/** The document that a person means who names none. `usage_invalid` where there are several workflows, or none. */
const usualFile = async (kind: 'github' | 'gitlab', projectDir: string): Promise<string> => {
  if (kind === 'gitlab') return '.gitlab-ci.yml'
  const folder = '.github/workflows'
  const names = (await readdir(join(projectDir, folder)).catch(() => [])).filter((name) => /\.ya?ml$/.test(name))
  const [only] = names
  if (only !== undefined && names.length === 1) return `${folder}/${only}`
  throw new SluiceError('usage_invalid', {
    detail: names.length === 0 ? `there is no workflow in ${folder}` : `${folder} has ${names.toSorted().join(', ')}`,
    hint: `sluice import github ${folder}/${names[0] ?? 'ci.yml'}`,
  })
}
