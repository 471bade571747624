/** Has the checks of an environment made now, and records what they said. */
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Release } from '../../core/model.ts'
import { specOf } from '../../core/rollout/plan.ts'
import { checksOf, environmentTarget } from '../../core/verification/report.ts'
import type { VerificationReport } from '../../core/verification/types.ts'
import type { Verifier } from '../../ports/verifier.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { EnvironmentTarget } from '../commands/environments.ts'
import { asEnvironment } from '../trusted.ts'

/** What the checks said, and of which release. */
export type Verified = { readonly release: Release['id']; readonly at: number; readonly report: VerificationReport }

/** Looks at an environment through its address. `not_found` when nothing serves or nothing is checked; `command_conflict` when another release came in meanwhile. */
export const verifyEnvironment = async (
  { desk, verifier }: { readonly desk: Desk; readonly verifier: Verifier },
  { service, environment }: EnvironmentTarget,
  { asking, signal }: { readonly asking: Asking; readonly signal: AbortSignal },
): Promise<Verified> => {
  const { serving } = await desk.reading.environment(service, environment)
  if (serving === null) {
    const detail = `nothing serves ${environment}, so there is nothing to look at`
    throw new SluiceError('not_found', { detail, hint: `sluice deploy ${environment}` })
  }
  const release = await desk.reading.release(serving)
  const spec = specOf(release, environment)
  if (checksOf(spec, 'environment').length === 0) {
    throw new SluiceError('not_found', {
      detail: `release ${release.content.version} has no checks that look at ${environment} through its address`,
      hint: `add verify: [{ kind: 'http', name: 'home', path: '/' }] to ${environment} in sluice.config.ts`,
    })
  }
  const targets = [environmentTarget(spec)]
  const report = await verifier.verify({ release, spec, scope: 'environment', targets, previous: [] }, signal)
  const verified = { release: serving, at: desk.clock.now(), report }
  const key = environmentKey(service, environment)
  await desk.loop.transact(
    [key],
    (stateOf) => {
      if (asEnvironment(stateOf(key)).serving !== serving) throw movedOn(environment)
      const event: EnvironmentEvent = { type: 'verification_ran', by: asking.by, ...verified }
      return [input(key, event, asking)]
    },
    asking.record?.(verified) ?? null,
  )
  return verified
}

const movedOn = (environment: string): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `another release came into ${environment} while it was looked at, so nobody knows which of them the checks saw`,
    hint: `sluice verify ${environment}`,
    retry: 'same',
  })
