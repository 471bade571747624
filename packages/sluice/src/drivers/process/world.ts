/** What every environment of a process driver shares. */
import { join } from 'node:path'
import { MaskSet, maskText } from '../../lib/mask.ts'
import type { Log } from '../../ports/clock.ts'
import type { SecretSource } from '../../ports/secrets.ts'
import type { Unpacked } from './unpacked.ts'

/** Shared by the environments of one driver. */
export type World = {
  readonly stateDir: string
  /** Marks the processes of this state directory. */
  readonly stateMark: string
  readonly host: string
  readonly ambient: Readonly<Record<string, string | undefined>>
  readonly unpacked: Unpacked
  /** Asked when an instance is to be restarted that another control plane started: values are never written down. */
  readonly secrets: Pick<SecretSource, 'values'>
  readonly log: Log
  /** A free port that no instance has, and that is none of those. */
  readonly takePort: (except: ReadonlySet<number>) => Promise<number>
}

/** Where an instance's log is. */
export const logFileOf = ({ stateDir }: Pick<World, 'stateDir'>, instance: string): string =>
  join(stateDir, 'logs', 'instances', `${encodeURIComponent(instance)}.log`)

/** The lines with every usual form of the secrets blanked out. */
export const maskLines = (lines: readonly string[], secrets: readonly string[]): readonly string[] =>
  maskText(new MaskSet(secrets), lines.join('\n')).split('\n')
