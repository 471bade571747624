/** Setting and removing secrets: in their store first, then in the ledger, which knows names, versions and who, and no value. Both are safe to repeat. */
import { SluiceError } from '../../core/errors.ts'
import { neverPruned } from '../../core/rollback-targets.ts'
import { type SecretEvent, secretKey, type SecretState } from '../../core/secret.ts'
import type { KeptSecret, SecretKeeper } from '../../ports/secrets.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { Caller } from '../engine.ts'
import type { Once } from './once.ts'

/** A secret as it is kept, and what the ledger knows of it; null for one that was not set here. */
export type ListedSecret = KeptSecret & {
  readonly set: Pick<Extract<SecretState, { status: 'kept' }>, 'setAt' | 'setBy'> | null
}

/** A secret to be set. `keeper` writes it. */
export type SecretWish = { readonly name: string; readonly value: string; readonly keeper: SecretKeeper }

/** A secret to be removed. Unless forced, not one that an environment of any service may go back to needs: all of them share the store. */
export type SecretRemoval = {
  readonly name: string
  readonly force: boolean
  readonly keeper: SecretKeeper
}

/** What people ask of secrets. */
export class Secrets {
  readonly #desk: Desk
  readonly #once: Once

  constructor(desk: Desk, once: Once) {
    this.#desk = desk
    this.#once = once
  }

  /** Names and versions; never a value. */
  async list(keeper: Pick<SecretKeeper, 'list'>, signal: AbortSignal): Promise<readonly ListedSecret[]> {
    const kept = await keeper.list(signal)
    return Promise.all(
      kept.map(async (secret) => {
        const state = await this.#desk.reading.secret(secret.name)
        const isKnown = state.status === 'kept' && state.version === secret.version
        return { ...secret, set: isKnown ? { setAt: state.setAt, setBy: state.setBy } : null }
      }),
    )
  }

  /** Sets a secret and gives its version. `usage_invalid` for what no variable can hold. */
  async set(
    { name, value, keeper }: SecretWish,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<{ readonly version: string }> {
    if (value.includes('\0'))
      throw new SluiceError('usage_invalid', {
        detail: `the value of ${name} has a NUL byte in it, and no variable can`,
        hint: `encode it first: base64 < file | sluice secrets set ${name}`,
      })
    // What is kept of a request has the version in the value's place.
    const version = await keeper.versionOf({ name, value }, signal)
    return this.#once(caller, { name: 'setSecret', secret: name, version }, async (asking) => {
      await keeper.keep({ name, value }, signal)
      const event = { type: 'secret_set', at: this.#desk.clock.now(), by: asking.by, version } as const
      return this.#tell(name, event, { asking, answer: { version } })
    })
  }

  /** Removes a secret with every version of it. `not_found`; `command_conflict` when a release needs it. */
  async remove({ name, force, keeper }: SecretRemoval, caller: Caller, signal: AbortSignal): Promise<object> {
    return this.#once(caller, { name: 'removeSecret', secret: name, force }, async (asking) => {
      if (!force) await this.#mustBeFree(name)
      const wasThere = await keeper.remove(name, signal)
      const event = { type: 'secret_removed', at: this.#desk.clock.now(), by: asking.by } as const
      if (!wasThere && (await this.#desk.reading.secret(name)).status !== 'kept')
        throw new SluiceError('not_found', { detail: `there is no secret ${name}`, hint: 'sluice secrets ls' })
      return this.#tell(name, event, { asking, answer: {} })
    })
  }

  async #tell<Answer>(
    name: string,
    event: SecretEvent,
    { asking, answer }: { readonly asking: Asking; readonly answer: Answer },
  ): Promise<Answer> {
    const key = secretKey(name)
    await this.#desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.(answer) ?? null)
    return answer
  }

  /** What serves, and what may be gone back to, keeps the values that it was cut with. */
  async #mustBeFree(name: string): Promise<void> {
    const { reading } = this.#desk
    for (const environment of await reading.allEnvironments()) {
      for (const id of neverPruned(environment)) {
        const { content } = await reading.release(id)
        const spec = content.environments.find((one) => one.name === environment.environment)
        if (spec === undefined || !Object.hasOwn(spec.secretVersions, name)) continue
        throw new SluiceError('command_conflict', {
          detail: `${content.version} (${id.slice(0, 12)}) needs ${name}, and ${environment.environment} serves it or may go back to it`,
          hint: `sluice secrets rm ${name} --force   and no instance of it starts any more; or set another value`,
        })
      }
    }
  }
}
