import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { JobView, LogLineView, LogMarksView, RunDetailView } from '../../http/client/run-views.ts'
import { type Cli, type Command, flagOption, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import {
  annotationLine,
  depthAt,
  failedParts,
  foldHead,
  foundLine,
  jobHead,
  logLine,
  type LogPart,
} from '../render/log.ts'
import { isRunOver } from '../render/run.ts'
import { required } from './which.ts'

const lookMs = 300

/** What is looked for: where it is found in a line, and the text that the control plane can look for itself. */
type Wanted = {
  readonly text: string | null
  readonly found: (text: string) => readonly (readonly [number, number])[]
}

type View = {
  readonly cli: Cli
  readonly client: Client
  readonly run: string
  readonly wanted: Wanted | null
  readonly timestamps: boolean
  readonly raw: boolean
}

/** How far a job's log was shown. */
type Shown = { readonly after: number; readonly folds: number }

/** `sluice runs logs`. Of the job that was named; else of those that failed; else of all, one after the other. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const id = required(input.args[0], 'the id of a run')
    const search = textOption(input, 'search')
    const view: View = {
      cli,
      client,
      run: id,
      wanted: search === null ? null : wantedOf(search),
      timestamps: flagOption(input, 'timestamps'),
      raw: flagOption(input, 'raw'),
    }
    const run = await client.call('runs.show', { params: { run: id } })
    if (flagOption(input, 'failed')) return showFailed(view, run, input)
    return flagOption(input, 'follow') ? follow(view, run, input) : showAll(view, run, input)
  })

const showAll = async (view: View, run: RunDetailView, input: Input): Promise<number> => {
  const jobs = chosenJobs(run, input.args[1])
  const hasHeads = jobs.length > 1 && isPretty(view)
  for (const job of jobs) {
    if (hasHeads) view.cli.print(jobHead(job, run.now, view.cli.style))
    const shown = await showMore(
      view,
      { job: job.name, prefix: view.wanted !== null && jobs.length > 1 ? job.name : '' },
      start,
    )
    if (isPretty(view)) await showEnd(view, job.name, shown)
  }
  return 0
}

const start: Shown = { after: 0, folds: 0 }

const follow = async (view: View, first: RunDetailView, input: Input): Promise<number> => {
  const { cli, client, run: id } = view
  const shown = new Map<string, Shown>()
  for (let run = first; ; run = await client.call('runs.show', { params: { run: id } })) {
    const jobs = chosenJobs(run, input.args[1])
    for (const { name } of jobs) {
      const place = { job: name, prefix: run.jobs.length > 1 && input.args[1] === undefined ? name : '' }
      shown.set(name, await showMore(view, place, shown.get(name) ?? start))
    }
    if (isRunOver(run)) {
      if (isPretty(view)) for (const { name } of jobs) await showEnd(view, name, shown.get(name) ?? start)
      return 0
    }
    if (cli.interrupted.aborted) return 130
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

/** The jobs that failed, each with what of its log matters. */
const showFailed = async (view: View, run: RunDetailView, input: Input): Promise<number> => {
  const { cli } = view
  if (flagOption(input, 'follow')) {
    throw new SluiceError('usage_invalid', {
      detail: '--failed looks at what is over, --follow at what goes on',
      hint: `sluice runs logs ${run.id} --failed`,
    })
  }
  const failed = run.jobs.filter(({ name, status }) => status === 'failed' && name === (input.args[1] ?? name))
  if (failed.length === 0) cli.note('no job of this run failed')
  for (const job of failed) {
    if (!isPretty(view)) {
      await showMore(view, { job: job.name, prefix: failed.length > 1 ? job.name : '' }, start)
      continue
    }
    const { marks } = await view.client.call('runs.logs', {
      params: { run: run.id, job: job.name },
      query: { limit: 1, marks: 'true' },
    })
    cli.print(jobHead(job, run.now, cli.style))
    for (const part of marks === null ? [] : failedParts(marks)) await showPart(view, job.name, part)
    await showEnd(view, job.name, { after: 0, folds: Number.POSITIVE_INFINITY })
  }
  return 0
}

const showPart = async (view: View, job: string, part: LogPart): Promise<void> => {
  const { cli, client, run, timestamps } = view
  if (part.kind === 'head') {
    cli.print(foldHead(part.fold, { isOpen: part.isOpen, timestamps, prefix: '' }, cli.style))
    return
  }
  for (let after = part.from; part.to === null || after < part.to;) {
    const limit = part.to === null ? {} : { limit: Math.min(linesOfPage, part.to - after) }
    const { lines, next } = await client.call('runs.logs', { params: { run, job }, query: { after, ...limit } })
    for (const line of lines) cli.print(logLine(line, { timestamps, prefix: '', depth: part.depth }, cli.style))
    if (lines.length === 0) return
    after = next
  }
}

const linesOfPage = 5_000

/** Whether folds, remarks and summaries are shown beside the lines. */
const isPretty = ({ cli, raw, wanted }: View): boolean => !cli.globals.json && !raw && wanted === null

const chosenJobs = (run: RunDetailView, given: string | undefined): readonly ChosenJob[] => {
  // Whether there is such a job is for the control plane to say.
  if (given !== undefined) return [run.jobs.find(({ name }) => name === given) ?? unknownJob(given)]
  const logged = run.jobs.filter(({ kind, status }) => kind === 'steps' && status !== 'open')
  const failed = logged.filter(({ status }) => status === 'failed')
  if (failed.length > 0 && isRunOver(run)) return failed
  return logged.filter(({ startedAt }) => startedAt !== null || !isRunOver(run))
}

type ChosenJob = Pick<JobView, 'name' | 'status' | 'startedAt' | 'finishedAt' | 'failure' | 'because'>

const unknownJob = (name: string): ChosenJob => ({
  name,
  status: 'waiting',
  startedAt: null,
  finishedAt: null,
  failure: null,
  because: null,
})

/** Shows what came since, and gives how far it is shown now. */
const showMore = async (
  view: View,
  { job, prefix }: { readonly job: string; readonly prefix: string },
  shown: Shown,
): Promise<Shown> => {
  const { cli, client, run, wanted } = view
  const marked = isPretty(view)
  const text = wanted?.text ?? null
  let { after, folds } = shown
  for (;;) {
    const query = {
      after,
      ...(text === null ? {} : { search: text }),
      ...(marked ? { marks: 'true' as const } : {}),
    }
    const page = await client.call('runs.logs', { params: { run, job }, query })
    for (const line of page.lines) {
      folds = showHeads(view, { marks: page.marks, shown: folds, before: line.number, prefix })
      showLine(view, { line, job, prefix, depth: depthAt(page.marks?.folds ?? [], line.number) })
    }
    if (page.next === after) return { after, folds }
    after = page.next
    if (cli.interrupted.aborted) return { after, folds }
  }
}

/** The heads of the folds that begin before a line, and gives how many were shown in all. */
const showHeads = (
  { cli, timestamps }: View,
  {
    marks,
    shown,
    before,
    prefix,
  }: { readonly marks: LogMarksView | null; readonly shown: number; readonly before: number; readonly prefix: string },
): number => {
  const begun = (marks?.folds ?? []).slice(shown).filter(({ from }) => from < before)
  for (const fold of begun) cli.print(foldHead(fold, { isOpen: true, timestamps, prefix }, cli.style))
  return shown + begun.length
}

const showLine = (
  { cli, run, wanted, raw, timestamps }: View,
  {
    line,
    job,
    prefix,
    depth,
  }: { readonly line: LogLineView; readonly job: string; readonly prefix: string; readonly depth: number },
): void => {
  if (wanted !== null && wanted.found(line.text).length === 0) return
  if (cli.globals.json) cli.json({ run, job, ...line })
  else if (raw) {
    if (line.stream !== 'sluice') cli.stdout.write(`${line.text}\n`)
  } else if (wanted !== null) cli.print(foundLine(line, { found: wanted.found, prefix, timestamps }, cli.style))
  else cli.print(logLine(line, { timestamps, prefix, depth }, cli.style))
}

/** What a log ends with: folds without a line, remarks, the summary. */
const showEnd = async ({ cli, client, run, timestamps }: View, job: string, { folds }: Shown): Promise<void> => {
  const { marks } = await client.call('runs.logs', { params: { run, job }, query: { limit: 1, marks: 'true' } })
  if (marks === null) return
  for (const fold of marks.folds.slice(folds))
    cli.print(foldHead(fold, { isOpen: true, timestamps, prefix: '' }, cli.style))
  if (marks.annotations.length > 0) cli.print('')
  for (const annotation of marks.annotations) cli.print(annotationLine(annotation, cli.style))
  if (marks.summary.trim() === '') return
  cli.print('')
  for (const line of marks.summary.trimEnd().split('\n'))
    cli.print(
      logLine(
        { number: 0, at: 0, stream: 'stdout', text: line },
        { timestamps: false, prefix: '', depth: 1 },
        cli.style,
      ),
    )
}

/** Parser of `--search`: a text, or an expression between slashes. It is run here, so that none can hold up a control plane. `usage_invalid`. */
const wantedOf = (search: string): Wanted => {
  const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(search) ?? []
  try {
    const expression = new RegExp(source ?? RegExp.escape(search), `${flags.replace('g', '')}g`)
    const found: Wanted['found'] = (text) =>
      [...text.matchAll(expression)].flatMap((match) =>
        match[0] === '' ? [] : [[match.index, match.index + match[0].length]],
      )
    return { text: source === undefined ? search : null, found }
  } catch (cause) {
    throw new SluiceError('usage_invalid', {
      detail: `--search ${search} is no regular expression: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: `--search 'plain text' or --search '/error|warning/i'`,
      cause,
    })
  }
}
