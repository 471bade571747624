/** Every bound in Sluice, with its unit and reason. Nothing loops, queues, waits or buffers without one. */
export const limits = {
  /** Longest line of the gateway's control socket, bytes: a route of 1,000 instances is some 100 kB. */
  controlLineBytesMax: 1_048_576,
  /** Largest request head the gateway reads, bytes; nginx and HAProxy stand at 8–32 kB. */
  headBytesMax: 32_768,
  /** Requests held while a route is paused; beyond that the answer is 503, so that memory stays bounded. */
  pauseQueueMax: 10_000,
  /** Longest text of a ledger row's body, bytes. */
  ledgerBodyBytesMax: 262_144,
  /** Jobs of one pipeline; a bound for hostile input, far above any real one. */
  jobsMax: 10_000,
  /** Attempts of one step before a rollout gives it up (forward) and reverts. */
  stepAttemptsMax: 5,
  /** First and longest pause between attempts, milliseconds. */
  retryDelayMsMin: 200,
  retryDelayMsMax: 30_000,
  /** What a call may take beyond the time that its work is given, milliseconds. */
  callMarginMs: 5_000,
  /** A shift is one fsynced write and a read-back; longer means that nobody knows. */
  shiftDeadlineMs: 10_000,
  /** Reading counters; longer is a silent source. */
  measureDeadlineMs: 5_000,
  /** A wait is cut into at most this many portions; each late wake-up counts for at most two, so a clock jump cannot end a bake. */
  restPortionsMax: 20,
  restPortionMsMin: 250,
  restPortionMsMax: 60_000,
  /** Settled rollouts, verified releases and approvals that an environment remembers itself; older ones are in the ledger. */
  environmentHistoryMax: 50,
  /** Characters of an id that people read and type: `rel_` and 12 hex digits, 48 bits. */
  shortIdLength: 16,
  /** Pause until a result that could not be written for lack of room is written again, milliseconds. */
  commitRetryMs: 500,
  /** Longest timer set at a time, milliseconds; a jump of the wall clock is noticed no later. */
  wakeDelayMsMax: 1_000,
  /** Last lines of a failing thing's log that go with its error. */
  evidenceLinesMax: 20,
  /** Releases held in memory by the engine; each is some kilobytes. */
  releasesHeldMax: 1_000,
  /** Items of one page of a list. */
  pageItemsDefault: 50,
  pageItemsMax: 500,
  /** A wake-up later than this means that the control plane was away or the clock was set forward, not that nothing happened. */
  wakeLateMsMax: 30_000,
  /** Log of one job, characters; more is counted and dropped. */
  jobLogBytesMax: 67_108_864,
  /** Longest line of a job's log, characters; longer ones are cut into several. */
  jobLogLineMax: 65_536,
  /** Time between SIGTERM and SIGKILL for a job, milliseconds. */
  jobGraceMs: 5_000,
  /** How long the output of a step may stay open once its processes have ended, milliseconds; then what holds it has left the group. */
  jobPipeWaitMs: 250,
  /** Time between SIGTERM and SIGKILL when `sluice down --all` ends instances, milliseconds. */
  endGraceMs: 10_000,
  /** Claims of one piece of work without progress before it is parked. */
  claimsMax: 5,
  /** Characters of a service, job, environment or artifact name: they are joined into names that file systems and DNS cut at 63 and 255. */
  nameLengthMax: 40,
  /** Longest duration in a config, milliseconds (7 days): timers of Node end at 24.8 days. */
  durationMsMax: 604_800_000,
  /** Instances of one release in one environment: a route of 1,000 fits a control line. */
  instancesMax: 1_000,
  /** Shares of one canary. */
  canaryStepsMax: 50,
  /** Characters of a line shown as evidence; a terminal has some 80 to 120. */
  evidenceLineMax: 100,
  /** Bytes kept of what a failing program printed. */
  evidenceBytesMax: 65_536,
  /** How long loading sluice.config.ts may take, milliseconds; it computes a value and waits for nothing. */
  configLoadMs: 10_000,
  /** Bytes of the value that sluice.config.ts may export, as JSON. */
  configBytesMax: 4_194_304,
  /** Attempts of one job whose outcome is unknown (its runner died); then it counts as failed. */
  jobAttemptsMax: 3,
  /** Attempts to stop a job before the run gives its processes up. */
  stopAttemptsMax: 3,
  /** How long stopping a job may take: SIGTERM, ten seconds, SIGKILL, and then some. */
  stopJobDeadlineMs: 20_000,
  /** How long writing a release may take; its artifacts are read back and hashed. */
  cutDeadlineMs: 60_000,
  /** Largest database that is checked page by page at start, bytes: some 50 ms. */
  quickCheckBytesMax: 33_554_432,
  /** Commits that share one sync at most, so that the first of them is not kept waiting. */
  commitGroupMax: 256,
  /** Commits that wait to be written at most; beyond that the disk does not keep up and the answer is `overloaded`. */
  commitQueueMax: 10_000,
  /** Pages in the write-ahead log (4 kB each) that are worth a checkpoint. */
  checkpointPages: 1_000,
  /** How long an answer is kept for its idempotency key, milliseconds. */
  requestKeptMs: 86_400_000,
  /** Room set aside for rollbacks on a full disk, bytes: some 150 transitions, each of some 5 pages and again as many when they are checkpointed. */
  ballastBytes: 4_194_304,
  /** How long a second control plane waits for the first to let go of the state directory, milliseconds. */
  lockWaitMs: 300,
  /** Characters of a reason that a person gives. */
  reasonCharactersMax: 2_000,
  /** Largest body of an API request, bytes; the largest real one is a list of job names. */
  requestBodyBytesMax: 262_144,
  /** Event streams open at the same time; each costs a socket and a listener. */
  eventStreamsMax: 100,
  /** Rows that wait for a slow reader of an event stream; beyond that it is closed, and goes on from its last id. */
  eventQueueMax: 10_000,
  /** A comment on an idle event stream, milliseconds: proxies cut silent connections after 30 to 60 s. */
  eventHeartbeatMs: 15_000,
  /** How long a client may take to send the head and the whole of a request, milliseconds. */
  requestHeadTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** Connections to the API at the same time. */
  apiConnectionsMax: 1_000,
  /** Lines of one page of a job's log. */
  logLinesMax: 5_000,
  /** Rows that a fold for one answer reads at most: a rollout that measures once a second for a day has some 200,000. */
  storyRowsMax: 250_000,
  /** Longest pause between two attempts to connect to the gateway, milliseconds: a restarted one is found again this late at most. */
  reconnectDelayMsMax: 50,
  /** Commands without an answer on one connection to the gateway; more means that it does not keep up. */
  controlRequestsMax: 1_000,
  /** How long reading what a route does may find no gateway's socket, milliseconds; one that is started again has it within some 200. */
  gatewayAbsentMs: 1_000,
  /** How long a gateway may take from its start to its first answer, milliseconds. */
  gatewayStartMs: 10_000,
  /** First pause before a gateway that died young is started again, milliseconds; doubles each time. */
  gatewayRestartDelayMs: 50,
  /** A gateway that served this long is started again at once, milliseconds. */
  gatewaySteadyMs: 250,
  /** How long a standby waits for the lock of a gateway that died, milliseconds: the kernel closes what a process had one after the other. */
  gatewayLockWaitMs: 250,
  /** How long a standby may take until it answers, milliseconds; one that was just loading on a busy machine takes seconds. Then a new gateway is started. */
  gatewayStandbyMs: 5_000,
  /** Largest file of secrets that is read, bytes. */
  secretsBytesMax: 4_194_304,
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
