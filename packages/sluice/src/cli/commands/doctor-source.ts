/** What `sluice doctor` looks at where the config names a source: the remote, the secrets of webhooks, the hook of a bare repository. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { addressOf, plainAddress } from '../../core/source/address.ts'
import type { SourceRules } from '../../core/source/rules.ts'
import type { Cli } from '../cli.ts'
import { withClient } from '../connect.ts'

/** What was found; `next` says what to do where there is trouble. */
export type SourceFinding = { readonly text: string; readonly trouble: boolean; readonly next: string }

/** Looks; the remote is asked once. */
export const lookAtSource = async (cli: Cli, rules: SourceRules): Promise<readonly SourceFinding[]> => [
  await remote(cli, rules),
  ...(await hook(cli, rules)),
  ...(await ways(cli)),
]

const remote = async ({ host, globals, interrupted }: Cli, rules: SourceRules): Promise<SourceFinding> => {
  const address = plainAddress(addressOf(rules).address)
  try {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(limits.listRefsDeadlineMs)])
    const count = await host.askRemote(globals, rules, signal)
    return {
      text: `${address} answers: ${count} ${count === 1 ? 'branch or tag' : 'branches and tags'}`,
      trouble: false,
      next: '',
    }
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return { text: error.detail, trouble: true, next: 'sluice explain SLU-1541' }
  }
}

/** Of a repository on this machine that nothing else tells of. */
const hook = async ({ host, globals }: Cli, rules: SourceRules): Promise<readonly SourceFinding[]> => {
  const path = resolve(globals.projectDir, addressOf(rules).address.replace(/^file:\/\//, ''))
  const isTold = rules.poll !== null || rules.push !== null || rules.github !== null || rules.gitlab !== null
  if (!existsSync(resolve(path, 'objects'))) return []
  if (await host.hasHook(path)) return [{ text: `${path} tells of what is pushed to it`, trouble: false, next: '' }]
  if (isTold) return []
  const text = `nothing tells of what is pushed to ${path}`
  return [{ text, trouble: true, next: `sluice source init ${path}` }]
}

const ways = async (cli: Cli): Promise<readonly SourceFinding[]> => {
  const shown = await withClient(cli, 'read', (client) => client.call('source.show', {})).catch(() => null)
  return (shown?.ways ?? []).map(({ kind, name, trouble, lastArrival }) => ({
    text: `${kind} ${name}: ${trouble ?? (lastArrival === null ? 'nothing has arrived yet' : 'commits arrive')}`,
    trouble: trouble !== null,
    next: 'docs/sources.md says how each is set up',
  }))
}
