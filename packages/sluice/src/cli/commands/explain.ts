import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, errorTable, publicCode, SluiceError } from '../../core/errors.ts'
import { type Cli, type Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import { isRunOver, runLines, runReport } from '../render/run.ts'
import { wrap } from '../render/style.ts'
import { whyLines } from '../render/why.ts'
import { required } from './which.ts'

/** `sluice explain`: an error code, or an id. */
export const command: Command = (cli, input) => {
  const what = required(input.args[0], 'a code or an id')
  const code = codeNamed(what)
  if (code !== null) return Promise.resolve(explainCode(cli, code))
  if (/^(?:rol|run|rel|inc)_/.test(what)) return explainId(cli, what)
  throw new SluiceError('not_found', {
    detail: `${JSON.stringify(what)} is neither an error code nor an id`,
    hint: 'sluice explain SLU-1201',
  })
}

const codeNamed = (text: string): ErrorCode | null => {
  const number = /^(?:SLU-)?(\d{4})$/i.exec(text)?.[1]
  return codes().find((code) => code === text || String(errorTable[code].number) === number) ?? null
}

const codes = (): readonly ErrorCode[] =>
  Object.keys(errorTable).filter((code): code is ErrorCode => Object.hasOwn(errorTable, code))

const retries: Readonly<Record<(typeof errorTable)[ErrorCode]['retry'], string>> = {
  never: 'asking again changes nothing: something must be mended first',
  same: 'asking the very same again is safe, and finds out what happened',
  later: 'asking again later may help, when the world has changed',
}

const explainCode = (cli: Cli, code: ErrorCode): number => {
  const { means, retry, exit, status } = errorTable[code]
  const prose = sectionOf(publicCode(code))
  if (cli.globals.json) cli.json({ code: publicCode(code), name: code, means, retry, exit, status, prose })
  else {
    const row = (name: string, text: string): void => cli.print(`  ${cli.style.dim(name.padEnd(9))} ${text}`)
    cli.print(`${cli.style.bold(publicCode(code))}  ${code}`)
    row('means', means)
    row('again?', retries[retry])
    row('exit code', String(exit))
    row('HTTP', String(status))
    for (const line of prose.flatMap((paragraph) => ['', ...wrap(paragraph, Math.min(cli.style.columns, 100))]))
      cli.print(line)
  }
  return 0
}

/** Where the page of errors lies: at the root of a clone, inside the package once published. */
const places = ['../../../../../docs/errors.md', '../../../docs/errors.md']

/** Parser of the page: the paragraphs under a code's heading, without the line of facts; none when the page is not installed. */
const sectionOf = (code: string): readonly string[] => {
  const path = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((one) => existsSync(one))
  const section = (path === undefined ? '' : readFileSync(path, 'utf8'))
    .split(/^(?=## )/m)
    .find((text) => text.startsWith(`## ${code} `))
  return (section ?? '')
    .split('\n\n')
    .slice(2)
    .map((paragraph) => plainOf(paragraph.trim()))
    .filter((paragraph) => paragraph !== '')
}

/** A paragraph of Markdown as a terminal shows it: links as the page that they lead to. */
const plainOf = (paragraph: string): string =>
  paragraph
    .replaceAll('\n', ' ')
    .replaceAll('**', '')
    .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, text: string, page: string) => {
      const place = page.includes('://') ? page : `docs/${page}`
      return text === page ? place : `${text} (${place})`
    })

const explainId = (cli: Cli, id: string): Promise<number> =>
  withClient(cli, 'read', async (client) => {
    if (id.startsWith('rol_')) {
      const why = await client.call('rollouts.why', { params: { rollout: id } })
      if (cli.globals.json) cli.json({ ...why })
      else for (const line of whyLines(why, cli.style, cli.stdout.columns)) cli.print(line)
    } else if (id.startsWith('inc_')) {
      const incident = await client.call('incidents.show', { params: { incident: id } })
      if (cli.globals.json) cli.json({ incident })
      else cli.print(`${incident.status} in ${incident.environment}: ${incident.title}   sluice incidents show ${id}`)
    } else if (id.startsWith('run_')) {
      const run = await client.call('runs.show', { params: { run: id } })
      if (cli.globals.json) cli.json({ run })
      else
        for (const line of [...runLines(run, cli.style), ...(isRunOver(run) ? runReport(run, null, cli.style) : [])])
          cli.print(line)
    } else {
      const release = await client.call('releases.show', { params: { release: id } })
      if (cli.globals.json) cli.json({ release })
      else
        cli.print(
          `${release.service} ${release.version} of ${release.commit.id.slice(0, 12)}, serves ${release.serves.join(', ') || 'nowhere'}   sluice releases show ${id.slice(0, 16)}`,
        )
    }
    return 0
  })
