/** The verifier of this machine: requests, commands and handshakes from the control plane's process, one check after the other in the order of the config. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { Unmet } from '../../core/verification/expect.ts'
import { checksOf } from '../../core/verification/report.ts'
import type { Check, CheckResult } from '../../core/verification/types.ts'
import { MaskSet, maskText } from '../../lib/mask.ts'
import type { ArtifactStore } from '../../ports/artifacts.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import type { Verifier } from '../../ports/verifier.ts'
import { lookCertificate } from './certificate.ts'
import { type CommandRoom, lookCommand, placeVariables } from './command.ts'
import { lookDependencies, lookHttp } from './http.ts'
import { blind, type Place, type Seen } from './look.ts'
import { lookResponseTime, type Random } from './response-time.ts'

/** What the verifier works with. */
export type VerifierWorld = {
  readonly artifacts: Pick<ArtifactStore, 'unpack'>
  readonly secrets: Pick<SecretSource, 'values'>
  /** Environment of this process; commands get what finds programs from it, and nothing else. */
  readonly ambient: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  readonly random: Random
}

type Request = Parameters<Verifier['verify']>[0]

/** Checks from this machine. */
export const localVerifier = (world: VerifierWorld): Verifier => ({
  verify: async (request, signal) => {
    const { spec, scope } = request
    const secrets = await world.secrets.values(spec.secretVersions, signal)
    const room = new Room(world, { request, secrets })
    const masks = new MaskSet(Object.values(secrets))
    const results: CheckResult[] = []
    try {
      for (const check of checksOf(spec, scope)) {
        const startedAt = performance.now()
        const seen = await looked(check, { world, room, request }, signal)
        results.push(resultOf(check, seen, { masks, durationMs: Math.round(performance.now() - startedAt) }))
        if (signal.aborted) throw calledOff(results.length)
      }
      return { scope, results }
    } finally {
      await room.close()
    }
  },
})

const calledOff = (done: number): SluiceError =>
  new SluiceError('outcome_unknown', { detail: `the verification was called off after ${done} checks` })

const resultOf = (
  { name }: Check,
  { unmet, detail, evidence }: Seen,
  { masks, durationMs }: { readonly masks: MaskSet; readonly durationMs: number },
): CheckResult => ({
  name,
  outcome: unmet.length === 0 ? 'passed' : unmet.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'broken',
  detail: maskText(masks, unmet.length === 0 ? detail : unmet.map((one) => one.detail).join('; ')).slice(
    0,
    limits.checkDetailMax,
  ),
  durationMs,
  evidence: evidence
    .slice(-limits.evidenceLinesMax)
    .map((line) => maskText(masks, line).slice(0, limits.evidenceLineMax)),
})

type Looking = { readonly world: VerifierWorld; readonly room: Room; readonly request: Request }

/** What a check saw: at every address where it has to look at each. */
const looked = async (check: Check, looking: Looking, signal: AbortSignal): Promise<Seen> => {
  const { world, room } = looking
  const { request } = looking
  const targets = request.through === undefined ? request.targets : [request.through, ...request.targets]
  const place = placeOf(looking.request)
  if (targets.length === 0) return blind('there is no address to look at')
  switch (check.kind) {
    case 'http':
      return each(targets, (target) => tried(check, (within) => lookHttp(check, { target, signal: within }), signal))
    case 'dependencies':
      return each(targets, (target) =>
        tried(check, (within) => lookDependencies(check, { target, signal: within }), signal),
      )
    case 'command':
      return tried(check, async (within) => lookCommand(check, await room.open(within), within), signal)
    case 'tls':
      return tried(check, (within) => lookCertificate(check, world.now(), within), signal)
    case 'responseTime': {
      const once = { ...check, retries: 0, retryDelayMs: 0 }
      return tried(once, (within) => lookResponseTime(check, place, { random: world.random, signal: within }), signal)
    }
  }
}

const placeOf = ({ release, spec, scope, targets, previous }: Request): Place => ({
  release,
  environment: spec.name,
  scope,
  targets,
  previous,
})

/** All addresses, one after the other; what is unmet says where. */
const each = async (
  targets: Place['targets'],
  look: (target: Place['targets'][number]) => Promise<Seen>,
): Promise<Seen> => {
  const all: { readonly instance: string; readonly seen: Seen }[] = []
  for (const target of targets) all.push({ instance: target.instance, seen: await look(target) })
  const said = (instance: string, text: string): string => (targets.length === 1 ? text : `${instance}: ${text}`)
  return {
    unmet: all.flatMap(({ instance, seen }) =>
      seen.unmet.map((one): Unmet => ({ ...one, detail: said(instance, one.detail) })),
    ),
    detail: all.map(({ instance, seen }) => said(instance, seen.detail)).join('; '),
    evidence: all
      .filter(({ seen }) => seen.unmet.length > 0)
      .flatMap(({ instance, seen }) => seen.evidence.map((line) => said(instance, line))),
  }
}

type Tries = Pick<Check, 'timeoutMs'> & { readonly retries: number; readonly retryDelayMs: number }

/** Attempts until one passes. An attempt that throws, or takes too long, could not look. */
const tried = async (
  { timeoutMs, retries, retryDelayMs }: Tries,
  look: (signal: AbortSignal) => Promise<Seen>,
  signal: AbortSignal,
): Promise<Seen> => {
  for (let attempt = 1; ; attempt += 1) {
    const seen = await attempted(timeoutMs, look, signal)
    const attempts = attempt === 1 ? '' : ` (attempt ${attempt} of ${retries + 1})`
    if (seen.unmet.length === 0) return { ...seen, detail: `${seen.detail}${attempts}` }
    if (attempt > retries || signal.aborted) return seen
    await sleep(retryDelayMs, undefined, { signal }).catch(() => {})
  }
}

const attempted = async (
  timeoutMs: number,
  look: (signal: AbortSignal) => Promise<Seen>,
  signal: AbortSignal,
): Promise<Seen> => {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    return await look(AbortSignal.any([signal, late]))
  } catch (error) {
    if (late.aborted) return blind(`no result within ${timeoutMs} ms`)
    return blind(causeOf(error))
  }
}

const causeOf = (error: unknown): string => {
  if (error instanceof SluiceError) return error.detail
  // Several addresses of one name fail together, and the whole says nothing.
  if (error instanceof AggregateError) return causeOf(error.errors[0])
  return error instanceof Error ? error.message : String(error)
}

/** Where the commands of one verification run: the release's artifact, unpacked when the first of them comes. */
class Room {
  readonly #world: VerifierWorld
  readonly #request: Request
  readonly #secrets: Readonly<Record<string, string>>
  #folder: string | null = null

  constructor(
    world: VerifierWorld,
    { request, secrets }: { readonly request: Request; readonly secrets: Readonly<Record<string, string>> },
  ) {
    this.#world = world
    this.#request = request
    this.#secrets = secrets
  }

  async open(signal: AbortSignal): Promise<CommandRoom> {
    const { spec, release } = this.#request
    this.#folder ??= await mkdtemp(join(tmpdir(), 'sluice-verify-'))
    const directory = join(this.#folder, 'artifact')
    const { start, artifacts } = release.content
    const artifact = artifacts.find(({ name }) => name === start.artifact)
    if (artifact === undefined) throw new Error(`the release has no artifact ${start.artifact}`)
    // Anew for each attempt: what the one before left behind is not part of the release.
    await rm(directory, { recursive: true, force: true })
    await this.#world.artifacts.unpack(artifact.digest, directory, signal)
    const found = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'].flatMap((name) => {
      const value = this.#world.ambient[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    const env = {
      ...Object.fromEntries(found),
      ...spec.config,
      ...this.#secrets,
      ...placeVariables(placeOf(this.#request)),
    }
    return { directory, env }
  }

  async close(): Promise<void> {
    if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true })
  }
}
