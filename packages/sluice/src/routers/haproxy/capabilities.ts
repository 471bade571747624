/** What this router can and cannot, beside the gateway; `docs/routers/haproxy.md` says the same in sentences. */

/** A router's abilities as data. */
export type RouterCapabilities = {
  /** Where evidence stops a candidate: in the data plane on each answer, or in the engine on what was counted. */
  readonly tripwire: 'dataPlane' | 'engine'
  /** Who may write at the same time: the data plane compares fences itself, or one file read back first does. */
  readonly fencing: 'dataPlane' | 'file'
  /** `core/routing-pick.ts`, or a hash of its own. */
  readonly cohorts: 'shared' | 'own'
  readonly mirror: boolean
  readonly skewProtection: boolean
  /** Whether counts of a process that was killed are lost from the last reading on. */
  readonly countsOutliveProcess: boolean
  /** Whether a port stays open while a process that was killed is replaced. */
  readonly portOutlivesProcess: boolean
}

/** Of HAProxy 2.6 and later. */
export const haproxyCapabilities: RouterCapabilities = {
  tripwire: 'engine',
  fencing: 'file',
  cohorts: 'shared',
  mirror: false,
  skewProtection: false,
  countsOutliveProcess: false,
  portOutlivesProcess: false,
}
