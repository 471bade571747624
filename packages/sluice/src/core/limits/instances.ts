/** The bounds of instances that run as processes of this machine. Each with its unit and reason, as in `limits.ts`. */
export const instanceLimits = {
  /** Time between SIGTERM and SIGKILL when `sluice down --all` ends instances, milliseconds. */
  endGraceMs: 10_000,
  /** How long processes are waited for that were sent SIGKILL, milliseconds; one that sits in the kernel may stay there for ever. */
  killWaitMs: 10_000,
  /** How long a new instance that no longer starts behind others is watched for ending at once, milliseconds; one that listens on its port ends the wait at once. */
  startSettleMs: 1_000,
  /** How long a new instance starts behind everybody else at most, milliseconds: on a machine without any time to spare it would not come up. */
  startBehindMs: 1_000,
  /** Pause between two looks at whether a new instance listens, milliseconds; it is what a start takes longer than the service itself. */
  listenPollMs: 10,
  /** First and longest pause before an instance that ended is started again, milliseconds; doubles with each quick end in a row. */
  instanceRestartDelayMsMin: 100,
  instanceRestartDelayMsMax: 30_000,
  /** An instance that ran this long is no longer in a crash loop, milliseconds. */
  instanceSteadyMs: 10_000,
  /** How often instances that outlived a control plane are looked at, milliseconds: nobody tells when they end. */
  superviseIntervalMs: 200,
  /** How often the sizes of instances' logs are looked at, milliseconds. */
  logCheckIntervalMs: 2_000,
  /** Largest log of an instance, bytes; as much again is kept of what came before. */
  instanceLogBytesMax: 8_388_608,
  /** Logs kept of instances that are gone; some megabytes at the usual size. */
  instanceLogsKeptMax: 200,
  /** Unpacked releases kept that run nowhere, so that a rollback need not unpack. */
  releasesUnpackedMax: 10,
  /** Ports of instances: below 30,000 (Kubernetes) and 32,768 (Linux's outgoing connections), above the well-known services. */
  instancePortMin: 20_000,
  instancePortMax: 29_999,
  /** Ports tried until one is free. */
  portAttemptsMax: 200,
} as const
