/** Every bound of this router, with its unit and reason; those that it shares with others are in `core/limits.ts`. */
export const haproxyLimits = {
  /** How long HAProxy holds a request while no release has a share, milliseconds: some seconds more than a restart of a service takes. */
  holdMs: 30_000,
  /** How long a worker of HAProxy that was replaced may take to end what it has, milliseconds; as long as the gateway gives a draining tunnel. */
  oldWorkerMs: 300_000,
  /** Rows of counts that HAProxy keeps for one route: three for each split, so those of the last 300. */
  rowsMax: 1_024,
  /** Sticky clients that HAProxy tells apart when it counts, some 20 MB; beyond that the one not seen for longest may count twice. */
  unitsMax: 100_000,
  /** Between two looks at the health that HAProxy found, milliseconds. */
  lookMs: 250,
} as const
