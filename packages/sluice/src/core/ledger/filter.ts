/** Which rows of the ledger are meant: by who, what, when and where they are about. */
import type { AggregateKind, LedgerRow } from './entry.ts'

/** What must hold of a row; null means any. */
export type LedgerFilter = {
  /** The actor's name, as it stands in the ledger. */
  readonly who: string | null
  /** The type of the event. */
  readonly what: string | null
  readonly kind: AggregateKind | null
  readonly environment: string | null
  /** From this moment on, epoch ms. */
  readonly from: number | null
  /** Before this moment, epoch ms. */
  readonly to: number | null
}

/** Whether a row is meant, but for its environment. */
export const isMeant = ({ who, what, kind, from, to }: LedgerFilter, row: LedgerRow): boolean =>
  (who === null || row.actor.name === who) &&
  (what === null || row.type === what) &&
  (kind === null || row.key.kind === kind) &&
  (from === null || row.at >= from) &&
  (to === null || row.at < to)

/**
 * The environment that an aggregate is about, from its key or its first row; null where it is about none, or about several. An aggregate is about one
 * for as long as it is there.
 */
export const environmentOfFirst = ({ key, body }: Pick<LedgerRow, 'key' | 'body'>): string | null => {
  switch (key.kind) {
    case 'environment':
    case 'maintenance':
      return key.id.slice(key.id.indexOf('/') + 1)
    case 'rollout':
      return textAt(body, ['plan', 'spec', 'name'])
    case 'watch':
    case 'drill':
      return textAt(body, ['plan', 'environment'])
    case 'incident':
      return textAt(body, ['subject', 'environment'])
    case 'message':
      return textAt(body, ['notice', 'environment'])
    default:
      return null
  }
}

const textAt = (value: unknown, path: readonly string[]): string | null => {
  let found: unknown = value
  for (const name of path) found = isRecord(found) ? found[name] : null
  return typeof found === 'string' ? found : null
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
