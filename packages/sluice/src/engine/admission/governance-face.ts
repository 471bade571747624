/** What people ask of governance, as the engine offers it. Holds no logic of its own. */
import { approve, type ApprovalTarget, reject } from '../commands/approvals.ts'
import type { DeployCommand, Started } from '../commands/deploy.ts'
import type { Desk } from '../desk.ts'
import type { Caller } from '../engine.ts'
import type { EnvironmentTarget } from '../commands/environments.ts'
import { deployPastGlass, reviewGlass } from '../commands/glass.ts'
import { type Inbox, inboxOf } from './inbox.ts'
import { resumeLine, stopLine, type Stopped, type Underway } from '../commands/line.ts'
import { type EvenIfFull, nothing, type Once } from '../commands/once.ts'

/** See the file's header. */
export class Governance {
  readonly #desk: Desk
  readonly #once: Once
  /** What must go on a full disk, too. */
  readonly #evenIfFull: EvenIfFull

  constructor(desk: Desk, once: Once, evenIfFull: EvenIfFull) {
    this.#desk = desk
    this.#once = once
    this.#evenIfFull = evenIfFull
  }

  /** A person's yes. */
  approve(target: ApprovalTarget, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'approve', target }, (asking) => nothing(approve(this.#desk, target, asking)))
  }

  /** A person's no; it may be a way back, and so passes a full disk. */
  reject(target: ApprovalTarget, caller: Caller): Promise<object> {
    return this.#evenIfFull(() =>
      this.#once(caller, { name: 'reject', target }, (asking) => nothing(reject(this.#desk, target, asking))),
    )
  }

  /** What waits for somebody's yes. */
  inbox(service: string): Promise<Inbox> {
    return inboxOf(this.#desk, service)
  }

  stopLine(how: { readonly underway: Underway }, caller: Caller): Promise<Stopped> {
    return this.#evenIfFull(() =>
      this.#once(caller, { name: 'stopLine', how }, (asking) => stopLine(this.#desk, how, asking)),
    )
  }

  resumeLine(caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'resumeLine' }, (asking) => nothing(resumeLine(this.#desk, asking)))
  }

  deployPastGlass(command: Omit<DeployCommand, 'glass'>, caller: Caller): Promise<Started> {
    return this.#once(caller, { name: 'deployPastGlass', command }, (asking) =>
      deployPastGlass(this.#desk, command, asking),
    )
  }

  reviewGlass(target: EnvironmentTarget & { readonly rollout: string }, caller: Caller): Promise<object> {
    return this.#once(caller, { name: 'reviewGlass', target }, (asking) =>
      nothing(reviewGlass(this.#desk, target, asking)),
    )
  }
}
