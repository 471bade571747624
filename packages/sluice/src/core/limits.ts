/** Every bound in Sluice: those that belong to one area are in `limits/`, a file for each; the others are here. */
import { apiLimits } from './limits/api.ts'
import { cacheLimits } from './limits/cache.ts'
import { evidenceLimits } from './limits/evidence.ts'
import { foreseeingLimits } from './limits/foreseeing.ts'
import { identityLimits } from './limits/identity.ts'
import { instanceLimits } from './limits/instances.ts'
import { jobLimits } from './limits/jobs.ts'
import { ledgerLimits } from './limits/ledger.ts'
import { measuringLimits } from './limits/measuring.ts'
import { notifyLimits } from './limits/notify.ts'
import { scanningLimits } from './limits/scanning.ts'
import { sourceLimits } from './limits/source.ts'
import { trafficLimits } from './limits/traffic.ts'
import { verificationLimits } from './limits/verification.ts'
import { workflowLimits } from './limits/workflows.ts'

const ownLimits = {
  /** Jobs of one pipeline; a bound for hostile input, far above any real one. */
  jobsMax: 10_000,
  /** Legs of one matrix; the bound of GitHub Actions, which its users know. */
  matrixLegsMax: 256,
  /** How late a run of a schedule may start, milliseconds: what is older is no longer what was meant. */
  scheduleLateMs: 3_600_000,
  /** Executions of one job that its retry policy may ask for. */
  retriesMax: 10,
  /** Attempts of one step before a rollout gives it up (forward) and reverts. */
  stepAttemptsMax: 5,
  /** First and longest pause between attempts, milliseconds. */
  retryDelayMsMin: 200,
  retryDelayMsMax: 30_000,
  /** A wait is cut into at most this many portions; each late wake-up counts for at most two, so a clock jump cannot end a bake. */
  restPortionsMax: 20,
  restPortionMsMin: 250,
  restPortionMsMax: 60_000,
  /** Settled rollouts, verified releases and approvals that an environment remembers itself; older ones are in the ledger. */
  environmentHistoryMax: 50,
  /** How far ahead windows are looked at, milliseconds (60 days): a closure that lasts beyond it has no end in sight. */
  windowHorizonMs: 5_184_000_000,
  /** Commits that the inbox shows of a release. */
  inboxCommitsMax: 50,
  /** Windows of one environment, or of one policy. */
  windowsMax: 50,
  /** How long a window lasts, milliseconds, at least and at most (31 days). */
  windowMsMin: 60_000,
  windowMsMax: 2_678_400_000,
  /** Releases that wait in the queue of one environment. */
  queueEntriesMax: 20,
  /** Rollouts that one hotfix says to make good: people read them, and each is looked up. */
  remediatedMax: 20,
  /** Releases that go together in one train. */
  trainMembersMax: 50,
  /** How long a release may wait in a queue, milliseconds (7 days): what waited for longer is not what anybody means any more. */
  queueWaitMsMax: 604_800_000,
  /** What of the time that a release serves is counted at once, at least and at most, milliseconds: each is a row of the ledger. */
  soakPortionMsMin: 1_000,
  soakPortionMsMax: 900_000,
  /** How late a look at the end of a portion may be for the portion to count, milliseconds: later means that nobody looked. */
  soakLateMsMax: 10_000,
  /** Characters of an id that people read and type: `rel_` and 12 hex digits, 48 bits. */
  shortIdLength: 16,
  /** Pause until what could not be written (a result for lack of room, a turn in a queue) is tried again, milliseconds. */
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
  /** Items of a list that are looked at in one go for those that a filter means, and how often for one answer: rollouts, the largest, take about a second for all. */
  listPortionItems: 100,
  listPortionsMax: 50,
  /** A wake-up later than this means that the control plane was away or the clock was set forward, not that nothing happened. */
  wakeLateMsMax: 30_000,
  /** Claims of one piece of work without progress before it is parked. */
  claimsMax: 5,
  /** Characters of a service, job, environment or artifact name: they are joined into names that file systems and DNS cut at 63 and 255. */
  nameLengthMax: 40,
  /** Longest name of a feature flag, characters. */
  flagNameLengthMax: 100,
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
  /** How long what a config left running may keep its pipes open once it has ended, milliseconds; what it wrote itself is in them already. */
  configDrainMs: 250,
  /** Bytes of the value that sluice.config.ts may export, as JSON. */
  configBytesMax: 4_194_304,
  /** Attempts of one job whose outcome is unknown (its runner died); then it counts as failed. */
  jobAttemptsMax: 3,
  /** Attempts to stop a job before the run gives its processes up. */
  stopAttemptsMax: 3,
  /** How long stopping a job may take, milliseconds: its last steps (`lastStepsMs`), SIGTERM, `jobGraceMs`, SIGKILL, and then some. */
  stopJobDeadlineMs: 20_000,
  /** What preparing a job's workspace and keeping what it made may take beyond its own time, milliseconds. */
  jobMarginMs: 120_000,
  /** How long deciding on a condition or a matrix may take, milliseconds. */
  resolveDeadlineMs: 30_000,
  /** How long reading evidence and judging gates may take, milliseconds. */
  judgeDeadlineMs: 60_000,
  /** How long a job may wait for the rollout that it asked for, milliseconds (7 days): people approve, canaries bake. */
  deliverDeadlineMs: 604_800_000,
  /** Between two looks at a rollout that a job waits for, milliseconds. */
  deliverLookMs: 250,
  /** Longest pause before a job is run again, milliseconds. */
  retryBackoffMsMax: 3_600_000,
  /** How long writing a release may take; its artifacts are read back and hashed. */
  cutDeadlineMs: 60_000,
  /** Commits that share one sync at most, so that the first of them is not kept waiting. */
  commitGroupMax: 256,
  /** Commits that wait to be written at most; beyond that the disk does not keep up and the answer is `overloaded`. */
  commitQueueMax: 10_000,
  /** Pages in the write-ahead log (4 kB each) that are worth a checkpoint. */
  checkpointPages: 1_000,
  /** How long an answer is kept for its idempotency key, milliseconds. */
  requestKeptMs: 86_400_000,
  /** How often answers that were kept long enough are looked for, milliseconds. */
  requestsLookMs: 3_600_000,
  /** Room set aside for rollbacks on a full disk, bytes: some 150 transitions, each of some 5 pages and again as many when they are checkpointed. */
  ballastBytes: 4_194_304,
  /** How long a second control plane waits for the first to let go of the state directory, milliseconds. */
  lockWaitMs: 300,
  /** Characters of a reason that a person gives. */
  reasonCharactersMax: 2_000,
  /** Commands without an answer on one connection to the gateway; more means that it does not keep up. */
  controlRequestsMax: 1_000,
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
  /** Longest value of a secret, characters: a chain of certificates fits, and values of this size are still masked in logs. */
  secretCharactersMax: 65_536,
  /** Releases that served an environment before and are never pruned, newest first: those that a rollback goes to in practice, three times over. */
  rollbackTargetsKept: 10,
  /** How often a rollback is decided anew when the environment moved meanwhile; whoever is first that often is no coincidence. */
  rollbackAttemptsMax: 5,
  /** How long one way of a rollback drill may take until it is asked for once more under its key, milliseconds: the rollout has deadlines of its own. */
  drillLegMsMax: 3_600_000,
  /** How long the target of a drill serves before the return, milliseconds: by default, and at most. */
  drillDwellMs: 5_000,
  drillDwellMsMax: 3_600_000,
  /** Commits between two versions at most; a release of more is a mistake in the range. */
  releaseCommitsMax: 50_000,
  /** Runs whose typed secrets one process keeps in memory; more would hold values of runs that are long over. */
  typedSecretRunsMax: 100,
  /** On the way back: the pause between two probes of an instance, and how long the others have once enough answer, milliseconds. */
  wayBackProbeMs: 10,
  wayBackGraceMs: 100,
  /** How long a regular expression may look at a text, milliseconds: the control plane does nothing else meanwhile. */
  matchMs: 250,
} as const

/** Every bound in Sluice, with its unit and reason. Nothing loops, queues, waits or buffers without one. */
export const limits: typeof apiLimits &
  typeof cacheLimits &
  typeof evidenceLimits &
  typeof foreseeingLimits &
  typeof identityLimits &
  typeof instanceLimits &
  typeof jobLimits &
  typeof ledgerLimits &
  typeof measuringLimits &
  typeof notifyLimits &
  typeof scanningLimits &
  typeof sourceLimits &
  typeof trafficLimits &
  typeof verificationLimits &
  typeof workflowLimits &
  typeof ownLimits = {
  ...apiLimits,
  ...cacheLimits,
  ...evidenceLimits,
  ...foreseeingLimits,
  ...identityLimits,
  ...instanceLimits,
  ...jobLimits,
  ...ledgerLimits,
  ...measuringLimits,
  ...notifyLimits,
  ...scanningLimits,
  ...sourceLimits,
  ...trafficLimits,
  ...verificationLimits,
  ...workflowLimits,
  ...ownLimits,
}
