/** What a job may use, and how long is waited for what it starts. Each with its unit and reason, as in `limits.ts`. */
export const jobLimits = {
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
  /** How long a tool may take to say its version, milliseconds. */
  toolVersionMs: 10_000,
  /** What git may print for one listing, bytes: a million files. */
  listingBytesMax: 268_435_456,
  /** How long a service may take to come up, milliseconds; an image of a database starts in seconds. */
  serviceStartMs: 120_000,
  /** From SIGTERM to SIGKILL for a program that was asked something (git, a tool's version): it has nothing to clear up. */
  programGraceMs: 2_000,
  /** How long a process may take from its start until it leads its group, milliseconds: one turn on the processor. */
  groupBeginMs: 1_000,
} as const
