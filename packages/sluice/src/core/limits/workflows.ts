/** Bounds of the pipelines of others: GitHub workflows, GitLab pipelines, and the documents that they are written in. Each with its unit and reason, as in `limits.ts`. */
export const workflowLimits = {
  /** Values inside each other in a YAML document; real pipelines stay below 15. */
  yamlDepthMax: 100,
  /** Further places that one note on a GitLab pipeline names. */
  notePlacesMax: 8,
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
  /** How long steps that run in any case may take after a job was called off, milliseconds, and the largest summary of a step, bytes; GitHub's own bounds. */
  cancelledStepsMs: 300_000,
  stepSummaryBytesMax: 1_048_576,
} as const
