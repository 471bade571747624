import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { bytesText } from '../../core/evidence/gates/numbers.ts'
import type { Client } from '../../http/client/client.ts'
import type { AttachmentsView, AttachmentView } from '../../http/client/evidence-views.ts'
import { countOf } from '../../http/client/words.ts'
import { isTaken, saveInside, staysInside } from '../../lib/save-inside.ts'
import { type Cli, type Command, flagOption, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { tableLines } from '../render/table.ts'
import { required } from './which.ts'

/** `sluice runs attachments`: lists the files that reports of a run name, or saves them. */
export const command: Command = (cli, input) => {
  const run = required(input.args[0], 'the id of a run')
  const [job, folder] = [textOption(input, 'job'), textOption(input, 'save')]
  return withClient(cli, 'read', async (client) => {
    const all = await client.call('runs.attachments', { params: { run } })
    const found = job === null ? all : ofJob(all, job)
    if (job !== null && isNone(found)) await requireJob(client, run, job)
    const overwrite = flagOption(input, 'overwrite')
    const saved = folder === null ? null : await saveAll({ cli, client, run, folder, overwrite }, found.attachments)
    if (cli.globals.json) cli.json({ run, ...found, saved })
    else show(cli, found, saved)
    return 0
  })
}

const ofJob = ({ attachments, gaps }: AttachmentsView, name: string): AttachmentsView => ({
  attachments: attachments.filter(({ job }) => job === name),
  gaps: gaps.filter(({ job }) => job === name),
})

const isNone = ({ attachments, gaps }: AttachmentsView): boolean => attachments.length === 0 && gaps.length === 0

const requireJob = async (client: Client, run: string, name: string): Promise<void> => {
  const { jobs } = await client.call('runs.show', { params: { run } })
  if (jobs.some((job) => job.name === name)) return
  throw new SluiceError('not_found', {
    detail: `run ${run} has no job ${JSON.stringify(name)} (it has: ${jobs.map((job) => job.name).join(', ')})`,
    hint: `sluice runs attachments ${run}`,
  })
}

const show = (cli: Cli, { attachments, gaps }: AttachmentsView, saved: readonly Saved[] | null): void => {
  const rows = attachments.map(({ path, job, bytes, title }) => [
    path,
    job,
    bytes === null ? 'not kept' : bytesText(bytes),
    title,
  ])
  if (saved !== null) for (const { file } of saved) cli.print(file)
  else if (rows.length === 0) cli.note('no report of this run names a file')
  else for (const line of tableLines(['file', 'job', 'size', 'what'], rows, cli.style)) cli.print(line)
  for (const { job, text } of gaps) cli.note(`${cli.noteStyle.mark('warn')} job ${job}: ${text}`)
  if (saved !== null) cli.note(`saved ${countOf(saved.length, 'file')}`)
}

type Saving = {
  readonly cli: Cli
  readonly client: Client
  readonly run: string
  readonly folder: string
  readonly overwrite: boolean
}

type Saved = { readonly job: string; readonly path: string; readonly file: string }

type Target = Saved & { readonly digest: string; readonly below: string }

/** Nothing is saved when one of the files is there already. */
const saveAll = async (saving: Saving, attachments: readonly AttachmentView[]): Promise<readonly Saved[]> => {
  const { cli, client, run, overwrite } = saving
  const folder = resolve(cli.cwd, saving.folder)
  const targets = targetsOf(attachments, folder)
  for (const { file, below } of targets) {
    if (!staysInside(below))
      throw new SluiceError('usage_invalid', {
        detail: `${JSON.stringify(below)} cannot be saved below a folder`,
        hint: `sluice runs attachments ${run} --json   has where it is kept`,
      })
    if (!overwrite && (await isTaken(file)))
      throw new SluiceError('usage_invalid', {
        detail: `${file} is there already; nothing was saved`,
        hint: 'name an empty folder, or add --overwrite',
      })
  }
  for (const { job, path, digest, below } of targets) {
    cli.interrupted.throwIfAborted()
    const pieces = client.attachment({ run, job, path }, cli.interrupted)
    await saveInside({ folder, path: below, pieces, digest, overwrite })
  }
  return targets.map(({ job, path, file }) => ({ job, path, file }))
}

/** Files of one job lie as in its checkout; those of several below a folder for each job. */
const targetsOf = (attachments: readonly AttachmentView[], folder: string): readonly Target[] => {
  const hasFolders = new Set(attachments.map(({ job }) => job)).size > 1
  const targets = new Map<string, Target>()
  for (const { job, path, digest } of attachments) {
    if (digest === null) continue
    const below = hasFolders ? `${folderOf(job)}/${path}` : path
    targets.set(below, { job, path, digest, below, file: resolve(folder, below) })
  }
  return [...targets.values()]
}

/** A job's name as that of a folder; no two names give the same. */
const folderOf = (job: string): string =>
  // oxlint-disable-next-line no-control-regex
  job.replaceAll(/[%/\\:*?"<>|\u0000-\u001F]|^\./g, (one) => encodeURIComponent(one).replace('.', '%2E'))
