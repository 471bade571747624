import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Cli, flagOption, type Input, textOption } from '../cli.ts'

/** Systems whose analysis becomes a judge policy. */
export type PolicySystem = 'kayenta' | 'argo'

/** Whether a word names such a system. */
export const isPolicySystem = (text: string | undefined): text is PolicySystem => text === 'kayenta' || text === 'argo'

/** `sluice import kayenta|argo`: writes the judge policy that a canary config or an AnalysisTemplate becomes. */
export const importPolicy = async (kind: PolicySystem, cli: Cli, input: Input): Promise<number> => {
  const given = input.args[1]
  if (given === undefined)
    throw new SluiceError('usage_invalid', {
      detail: 'which file?',
      hint: `sluice import ${kind} ${kind === 'kayenta' ? 'canary.json' : 'analysis-template.yaml'}`,
    })
  const { name, text, notes, semantics } = await cli.host.importPolicy(kind, {
    path: resolve(cli.cwd, given),
    shown: given,
  })
  const to = textOption(input, 'output') ?? `${fileName(name)}.policy.ts`
  const path = resolve(cli.cwd, to)
  if (existsSync(path) && !flagOption(input, 'force'))
    throw new SluiceError('usage_invalid', {
      detail: `${path} is there already`,
      hint: `sluice import ${kind} ${given} --force, or --output <file>`,
    })
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  const wrote = relative(cli.cwd, path)
  if (cli.globals.json) cli.json({ wrote, from: given, notes, semantics })
  else {
    for (const sentence of semantics) cli.print(`  kept   ${sentence}`)
    for (const note of notes) cli.print(`${cli.style.mark('warn')} not kept  ${note}`)
    cli.print(`${cli.style.mark('done')} wrote  ${wrote}`)
  }
  return 0
}

/** A name of another system as that of a file. */
const fileName = (name: string): string => {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '')
  return plain === '' ? 'imported' : plain.slice(0, 80)
}
