/** Time and waiting; the simulators turn it by hand. */
export interface Clock {
  /** Wall clock, epoch ms. May jump. */
  now(): number
  /** Calls back once after `ms`, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void
}

/** Identity. */
export interface Ids {
  /** A fresh id: the prefix, and enough randomness never to meet another. Sorts by time of making. */
  next(prefix: 'run' | 'rol' | 'tra' | 'inc' | 'drl' | 'tok' | 'ses'): string
}

/** Structured records for the person who runs Sluice. `error`: a person must act; `warn`: the system coped. */
export interface Log {
  info(event: string, fields: Readonly<Record<string, unknown>>): void
  warn(event: string, fields: Readonly<Record<string, unknown>>): void
  error(event: string, fields: Readonly<Record<string, unknown>>): void
}
