/** The files that reports of a run name. */
import { attachmentsOf, type CollectedReport, troublesOf } from '../../core/evidence/collected.ts'
import type { Attachment, KeptFile } from '../../core/evidence/types.ts'
import { SluiceError } from '../../core/errors.ts'
import { evidenceOf } from '../../engine/perform/judge-gates.ts'
import type { ApiContext, Call, Handlers } from '../context.ts'

/** A file on its way. */
export type AttachmentStream = {
  readonly attachment: Attachment & { readonly kept: KeptFile }
  readonly pieces: AsyncIterable<Uint8Array>
}

/** Answers about the files that were kept of a run. */
export const attachmentHandlers: Handlers<'runs.attachments'> = {
  'runs.attachments': async (context, { params }) => {
    const jobs = await jobsOf(context, params.run)
    return {
      attachments: jobs.flatMap(({ job, reports }) =>
        attachmentsOf(reports).map(({ path, mediaType, title, kept }) => ({
          job,
          path,
          mediaType,
          title,
          digest: kept?.digest ?? null,
          bytes: kept?.bytes ?? null,
        })),
      ),
      gaps: jobs.flatMap(({ job, reports }) => troublesOf(reports, 'attachments').map((text) => ({ job, text }))),
    }
  },
}

/** The file that a call names. `not_found`, `artifact_missing`, `artifact_mismatch`; the last one also while it is read. */
export const openAttachment = async (
  context: Pick<ApiContext, 'engine' | 'evidence'>,
  { params, query }: Pick<Call<'runs.attachment'>, 'params' | 'query'>,
): Promise<AttachmentStream> => {
  const jobs = await jobsOf(context, params.run)
  const named = jobs
    .filter(({ job }) => job === params.job)
    .flatMap(({ reports }) => attachmentsOf(reports))
    .filter(({ path }) => path === query.path)
  const attachment = named.find(isKept)
  if (attachment !== undefined) return { attachment, pieces: await context.evidence.openFile(attachment.kept) }
  throw new SluiceError('not_found', {
    detail:
      named.length === 0
        ? `no report of job ${JSON.stringify(params.job)} names ${JSON.stringify(query.path)}`
        : `${query.path} was named by a report, but could not be kept`,
    hint: `sluice runs attachments ${params.run}`,
  })
}

const isKept = (one: Attachment): one is AttachmentStream['attachment'] => one.kept !== undefined

type JobReports = { readonly job: string; readonly reports: readonly CollectedReport[] }

const jobsOf = async (
  { engine, evidence }: Pick<ApiContext, 'engine' | 'evidence'>,
  id: string,
): Promise<readonly JobReports[]> => {
  const jobs: JobReports[] = []
  for (const { job, digest } of evidenceOf(await engine.reading.run(id)))
    jobs.push({ job, reports: await evidence.read(digest) })
  return jobs
}
