/** What `sluice doctor` looks at where the config says who is told: the channels of `notify`, the code hosts that `source` reports to, and the secrets of both. */
import { SluiceError } from '../../core/errors.ts'
import type { Settings } from '../../core/config/settings.ts'
import { withReports } from '../../core/notify/reports.ts'
import { secretsOf } from '../../core/notify/rules.ts'
import type { Cli } from '../cli.ts'

/** What was found; `next` says what to do where something is wrong. */
export type ChannelFinding = { readonly text: string; readonly next: string | null }

/** What it looks with. */
export type Looking = {
  readonly host: Pick<Cli['host'], 'missingSecrets'>
  readonly globals: Pick<Cli['globals'], 'stateDir'>
  readonly interrupted: AbortSignal
}

/** Looks at the names of secrets, and at no value. Nothing where nobody is told anything. */
export const lookAtChannels = async (
  { host, globals, interrupted }: Looking,
  { notify, source }: Pick<Settings, 'notify' | 'source'>,
): Promise<readonly ChannelFinding[]> => {
  const settings = withReports(notify ?? null, { source: source ?? null, publicUrl: null })
  if (settings === null) return []
  const named = settings.channels.map((channel) => ({ name: channel.name, secrets: secretsOf(channel) }))
  const wanted = [...new Set(named.flatMap(({ secrets }) => secrets))]
  try {
    const missing = await host.missingSecrets(globals.stateDir, wanted, interrupted)
    if (missing.length === 0)
      return [{ text: `channels: ${named.map(({ name }) => name).join(', ') || 'none'}`, next: null }]
    return missing.map((secret) => {
      const users = named.filter(({ secrets }) => secrets.includes(secret)).map(({ name }) => name)
      return {
        text: `there is no secret ${secret}, which ${users.join(' and ')} ${users.length === 1 ? 'needs' : 'need'}`,
        next: `sluice secrets set ${secret}`,
      }
    })
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return [{ text: error.detail, next: 'sluice explain SLU-1002' }]
  }
}
