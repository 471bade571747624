/** Bounds of what is told to code hosts, and asked of them. Each with its unit and reason, as in `limits.ts`. */
export const reportLimits = {
  /** One call of a code host's API, milliseconds: slower ones are made again. */
  reportCallMs: 10_000,
  /** Answer of a code host, bytes; a page of a hundred deployments has some 400,000. */
  reportAnswerBytesMax: 4_194_304,
  /** Characters of a code host's own words in a refusal. */
  reportWordsMax: 300,
  /** Characters of the description of a status: the bound of GitHub. */
  reportDescriptionMax: 140,
  /** Characters of the description of a status at GitLab. */
  reportDescriptionMaxGitlab: 255,
  /** Deployments of one commit to one environment among which that of a rollout is looked for: one page. */
  reportDeploymentsMax: 100,
  /** Earlier deployments of an environment that are looked at for one that served until now. */
  reportEarlierMax: 10,
  /** Reviews, and pull requests of a commit, that are asked for at once, and how often: whoever has more has a machine that reviews. */
  reviewPageItems: 100,
  reviewPagesMax: 10,
} as const
