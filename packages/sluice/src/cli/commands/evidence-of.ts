/** Asking for the evidence of a run. */
import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import type { EvidenceView } from '../../http/client/evidence-views.ts'
import type { Cli } from '../cli.ts'

/** The evidence of a run; null, with a note, when what was kept of it is no longer there. */
export const evidenceOf = async (cli: Cli, client: Client, run: string): Promise<EvidenceView | null> => {
  try {
    return await client.call('runs.evidence', { params: { run } })
  } catch (error) {
    const isGone =
      error instanceof SluiceError && (error.code === 'artifact_missing' || error.code === 'artifact_mismatch')
    if (!isGone) throw error
    cli.note(error.detail)
    return null
  }
}
