import { ledgerLimits } from './limits-ledger.ts'
import { notifyLimits } from './limits-notify.ts'
import { apiLimits } from './limits-api.ts'
import { identityLimits } from './limits-identity.ts'
import { foreseeingLimits } from './limits-foreseeing.ts'
import { instanceLimits } from './limits-instances.ts'
import { sourceLimits } from './limits-source.ts'
import { trafficLimits } from './limits-traffic.ts'
import { verificationLimits } from './limits-verification.ts'

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
  /** Reading counters; longer is a silent source. */
  measureDeadlineMs: 5_000,
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
  /** Rollouts that are looked through for those of one environment in one answer: reading so many takes about a second. */
  rolloutsLookedMax: 5_000,
  /** A wake-up later than this means that the control plane was away or the clock was set forward, not that nothing happened. */
  wakeLateMsMax: 30_000,
  /** Log of one job, bytes; more is counted and dropped, but for the end of each step. */
  jobLogBytesMax: 67_108_864,
  /** What is kept of the end of a step whose job has said too much, bytes; at least one longest line. */
  jobLogEndBytesMax: 131_072,
  /** Longest line of a job's log, bytes; longer ones are cut into several. */
  jobLogLineMax: 65_536,
  /** Characters of a line that is looked at for workflow commands; what comes after them in the same line is logged without a look. */
  tappedLineMax: 1_048_576,
  /** Batches of a log (256 kB each) that wait for the disk; half of them make the job wait. */
  jobLogBatchesMax: 16,
  /** Groups and annotations of one job's log; more are left out. */
  jobMarksMax: 10_000,
  /** Summary of one job, bytes of Markdown; as much as GitHub Actions takes for a step. */
  jobSummaryBytesMax: 1_048_576,
  /** Time between SIGTERM and SIGKILL for a job, milliseconds. */
  jobGraceMs: 5_000,
  /** How long the keeper of a job's namespaces may take to end, milliseconds; then it is killed. */
  namespaceEndMs: 1_000,
  /** Layers that a job's files may lie in; their names must fit into the one page that mount(2) takes, and the kernel has a bound of 500. */
  layersMax: 100,
  /** Checkouts and unpacked artifacts kept for later runs; each is as large as the project. */
  checkoutsMax: 20,
  /** Time for steps that run in any case (`when: 'always'`) once a job was called off or took too long, milliseconds; stopping a job must fit into its deadline. */
  lastStepsMs: 8_000,
  /** Bytes that a step may write into one of its files for outputs, variables or summary. */
  stepFileBytesMax: 1_048_576,
  /** Annotations of one job; a linter gone wild has thousands, and nobody reads them. */
  annotationsMax: 200,
  /** Pause between two looks at whether a service is healthy, milliseconds. */
  servicePollMs: 25,
  /** Time between SIGTERM and SIGKILL for a service outside of namespaces, milliseconds: its data is thrown away, there is nothing to finish. */
  serviceGraceMs: 500,
  /** Memory that one job is taken to need when jobs are run side by side, bytes; a compiler or test runner uses about so much. */
  jobMemoryBytes: 402_653_184,
  /** How long the output of a step may stay open once its processes have ended, milliseconds; then what holds it has left the group. */
  jobPipeWaitMs: 250,
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
  /** How long what a config left running may keep its pipes open once it has ended, milliseconds; what it wrote itself is in them already. */
  configDrainMs: 250,
  /** Bytes of the value that sluice.config.ts may export, as JSON. */
  configBytesMax: 4_194_304,
  /** Attempts of one job whose outcome is unknown (its runner died); then it counts as failed. */
  jobAttemptsMax: 3,
  /** Attempts to stop a job before the run gives its processes up. */
  stopAttemptsMax: 3,
  /** How long stopping a job may take: SIGTERM, ten seconds, SIGKILL, and then some. */
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
  /** Releases that served an environment before and are never pruned, newest first: those that a rollback goes to in practice, three times over. */
  rollbackTargetsKept: 10,
  /** How often a rollback is decided anew when the environment moved meanwhile; whoever is first that often is no coincidence. */
  rollbackAttemptsMax: 5,
  /** How long one way of a rollback drill may take until it is asked for once more under its key, milliseconds: the rollout has deadlines of its own. */
  drillLegMsMax: 3_600_000,
  /** How long the target of a drill serves before the return, milliseconds: by default, and at most. */
  drillDwellMs: 5_000,
  drillDwellMsMax: 3_600_000,
  /** Characters of a file that are searched for secrets at once; larger ones come in pieces, so that memory and the time of hostile input stay bounded. */
  secretsTextMax: 65_536,
  /** Characters that a piece shares with the one before it: the longest private keys (RSA, 16,384 bits) have some 12,700. */
  secretsOverlapMax: 16_384,
  /** Findings of one scan that are kept; beyond that nobody reads them, and the scan says that there are more. */
  findingsMax: 1_000,
  /** Largest lockfile, advisory or manifest that is read, bytes; the largest public lockfiles are some 10 MB. */
  documentBytesMax: 67_108_864,
  /** How long an auditor that asks a registry may take, milliseconds. */
  auditDeadlineMs: 60_000,
  /** Files read at the same time by a scan; some 100 descriptors are free everywhere. */
  filesOpenMax: 32,
  /** Commits between two versions at most; a release of more is a mistake in the range. */
  releaseCommitsMax: 50_000,
  /** Inputs named in the explanation of one cache miss; the rest is counted. */
  cacheReasonsMax: 10,
  /** Earlier entries that a cache miss is compared with. */
  cacheCandidatesMax: 5,
  /** Characters of a cache key that its entry's name shows; with two digests it stays below the 255 of file systems. */
  cacheNameCharactersMax: 180,
  /** Files from this size on are blobs of their own, shared between entries; smaller ones are packed, because opening costs more than reading. */
  cacheOwnBlobBytesMin: 262_144,
  /** Small files of one pack, bytes: it is held in memory while it is written or checked. */
  cachePackBytesMax: 33_554_432,
  /** Blobs from this size on are hashed only when they may have changed, bytes; a smaller one takes less than a millisecond. */
  cacheNotedBytesMin: 1_048_576,
  /** A blob that changed less than this ago may change again without showing it, milliseconds: clocks of file systems have ticks of 4 to 10, of some 2,000. */
  cacheNoteAgeMs: 3_000,
  /** Copies of large files made at the same time: as many as Node has threads for it. */
  cacheCopiesMax: 4,
  /** Files of one cache entry; a large node_modules has some 100,000. */
  cacheFilesMax: 500_000,
  /** Text of one cache entry, bytes: some 200 for each file. */
  cacheEntryBytesMax: 134_217_728,
  /** Largest blob that goes to a remote cache, bytes: what S3 takes in one request. */
  cacheBlobBytesMax: 5_368_709_120,
  /** Size of the local cache above which what was not used longest goes, bytes. */
  cacheBytesMax: 10_737_418_240,
  /** Part of the limit that a sweep leaves, so that the next entry does not cause another. */
  cacheSweepShare: 0.9,
  /** Unfinished and unnamed files of the cache younger than this may belong to a writer, milliseconds. */
  cacheGraceMs: 3_600_000,
  /** An entry's use is noted at most so often, milliseconds. */
  cacheTouchMs: 600_000,
  /** How long a remote cache may take for an entry, milliseconds: longer costs more than the cache saves. */
  cacheRequestMs: 10_000,
  /** Pages of 1,000 names that a listing of a bucket reads at most. */
  cachePagesMax: 20,
  /** How long a remote cache may take for a blob, milliseconds. */
  cacheTransferMs: 600_000,
  /** Failures in a row after which a remote cache is left alone for the rest of the process. */
  cacheFailuresMax: 3,
  /** How long a tool may take to say its version, milliseconds. */
  toolVersionMs: 10_000,
  /** What git may print for one listing, bytes: a million files. */
  listingBytesMax: 268_435_456,
  /** Largest report that is read (tests, coverage, findings), bytes; the largest of real monorepos are some 30 MB. */
  reportBytesMax: 67_108_864,
  /** Reports of one job. */
  reportsMax: 1_000,
  /** Tests, files, findings or packages of one report. */
  reportEntriesMax: 500_000,
  /** Elements, subtests and suites inside each other in a report. */
  reportDepthMax: 100,
  /** Characters kept of a failure's message, and of its detail. */
  reportTextMax: 8_000,
  /** Characters kept of a name, path or value in a report. */
  reportNameMax: 1_000,
  /** Reasons kept why a report does not tell the whole; the first ones say it. */
  reportGapsMax: 20,
  /** Largest file that a report names for people to look at, bytes; videos and traces of a long test are some 100 MB. */
  attachmentBytesMax: 268_435_456,
  /** The same for all of one job together, bytes. */
  jobAttachmentBytesMax: 1_073_741_824,
  /** Files of one job that are kept to be looked at. */
  attachmentsMax: 1_000,
  /** Most runs whose evidence a config may have kept; some megabytes each. */
  evidenceRunsMax: 100_000,
  /** Most commits whose numbers a config may have kept; some 100 kB each. */
  baselinesMax: 100_000,
  /** Between two sweeps of the evidence, milliseconds. */
  evidenceSweepMs: 3_600_000,
  /** Evidence younger than this stays, milliseconds: its row may not be written yet, and clocks may be set. */
  evidenceGraceMs: 86_400_000,
  /** Things listed with a gate's verdict; the rest is counted, so that a verdict fits a row of the ledger. */
  gateDetailsMax: 50,
  /** Commits before the base commit among which numbers to compare with are looked for. */
  baseCommitsMax: 50,
  /** Last runs that insights look at; older ones say nothing about the code of today, and slopes are quadratic. */
  insightRunsMax: 100,
  /** Characters of one thing listed with a verdict. */
  gateTextMax: 300,
  /** Largest answer of a metric source or an external judge, bytes: 1,000 series with their labels are some 300 kB. */
  sourceAnswerBytesMax: 1_048_576,
  /** Series that one query of a metric may give: one an instance, and some labels. */
  metricSeriesMax: 10_000,
  /** Queries whose series one process remembers; six for each metric of each rollout that runs. */
  metricQueriesMax: 1_000,
  /** Longest that a metric source or an external judge may be waited for, milliseconds: below `measureDeadlineMs`, so that its silence is told and not the look lost. */
  sourceTimeoutMsMax: 4_000,
  /** Metrics of one environment. */
  metricsMax: 20,
  /** Characters of one query. */
  queryCharactersMax: 4_000,
  /** Moments of one past rollout at which a policy is asked; a rollout of a day has some 80,000 looks. */
  replayMomentsMax: 100,
  /** Largest canary config or AnalysisTemplate that is imported, bytes; Kubernetes takes 1.5 MB for an object. */
  policyBytesMax: 2_097_152,
  /** Values inside each other in a YAML document; real pipelines stay below 15. */
  yamlDepthMax: 100,
  /** Further places that one note on a GitLab pipeline names. */
  notePlacesMax: 8,
  /** Runs whose typed secrets one process keeps in memory; more would hold values of runs that are long over. */
  typedSecretRunsMax: 100,
  /** Files that a GitLab pipeline may include, nested ones too; GitLab's own default. */
  includesMax: 150,
  /** Jobs that `extends` may follow from one job, and `!reference` inside each other; GitLab allows eleven and ten. */
  extendsDepthMax: 11,
  referenceDepthMax: 10,
  /** Lists inside each other in a script or in rules; GitLab allows ten. */
  scriptDepthMax: 10,
  /** Lines of one job's script; nested lists behind aliases could otherwise be millions. */
  scriptLinesMax: 10_000,
  /** Longest delay of a delayed job of GitLab, milliseconds; its own limit. */
  startInMsMax: 604_800_000,
  /** Legs of one parallel job of GitLab; its own limit. */
  parallelMax: 200,
  /** Functions on one `$[[ inputs.name | … ]]`; GitLab's own limit. */
  inputFunctionsMax: 3,
  /** Words of one `rules:if`; GitLab's own limit. */
  conditionTokensMax: 100,
  /** Time for GitLab's `after_script`, and for a job without a timeout, milliseconds; GitLab's defaults. */
  afterScriptTimeoutMs: 300_000,
  gitlabJobTimeoutMs: 3_600_000,
  /** How long a service of a GitLab job may take to answer, milliseconds; its runner waits as long. */
  gitlabServiceStartMs: 30_000,
  /** Largest file of a workflow or an action, bytes; GitHub stands at some half of it. */
  workflowBytesMax: 1_048_576,
  /** Values in one document once its aliases are put in, and how deep they may nest: what a short text can be made to unfold into. */
  workflowNodesMax: 200_000,
  workflowDepthMax: 100,
  /** Levels of workflows that call each other, the first included; GitHub's own bound. */
  workflowNestingMax: 10,
  /** Composite actions inside of each other; the bound of GitHub's runner. */
  compositeDepthMax: 10,
  /** Steps of a job that run in the background at the same time; the bound of GitHub's runner. */
  besideStepsMax: 10,
  /** Combinations of a matrix before its excludes take some away. */
  matrixProductMax: 65_536,
  /** How long a service may take to come up, milliseconds; an image of a database starts in seconds. */
  serviceStartMs: 120_000,
  /** How long steps that run in any case may take after a job was called off, milliseconds, and the largest summary of a step, bytes; GitHub's own bounds. */
  cancelledStepsMs: 300_000,
  stepSummaryBytesMax: 1_048_576,
  /** From SIGTERM to SIGKILL for a program that was asked something (git, a tool's version): it has nothing to clear up. */
  programGraceMs: 2_000,
  /** How long a process may take from its start until it leads its group, milliseconds: one turn on the processor. */
  groupBeginMs: 1_000,
  /** On the way back: the pause between two probes of an instance, and how long the others have once enough answer, milliseconds. */
  wayBackProbeMs: 10,
  wayBackGraceMs: 100,
  /** How long a regular expression may look at a text, milliseconds: the control plane does nothing else meanwhile. */
  matchMs: 250,
} as const

/** Every bound in Sluice, with its unit and reason. Nothing loops, queues, waits or buffers without one. */
export const limits: typeof apiLimits &
  typeof trafficLimits &
  typeof verificationLimits &
  typeof identityLimits &
  typeof instanceLimits &
  typeof ledgerLimits &
  typeof notifyLimits &
  typeof sourceLimits &
  typeof foreseeingLimits &
  typeof ownLimits = {
  ...apiLimits,
  ...trafficLimits,
  ...verificationLimits,
  ...identityLimits,
  ...instanceLimits,
  ...ledgerLimits,
  ...notifyLimits,
  ...sourceLimits,
  ...foreseeingLimits,
  ...ownLimits,
}
