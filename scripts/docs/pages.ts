/** The generated pages: path → what the file should hold, given what it holds now. */
import { apiPage } from './api.ts'
import { cliPage } from './cli.ts'
import { configJsonSchema, configPage } from './config.ts'
import { errorsPage } from './errors.ts'
import { gitlabPage } from './gitlab.ts'
import { githubActionsPage } from './github-actions.ts'

/** Every generated file of the repository, relative to its root. */
export const pages: ReadonlyMap<string, (present: string) => string> = new Map([
  ['docs/config.md', configPage],
  ['docs/schema/sluice.config.schema.json', configJsonSchema],
  ['docs/errors.md', errorsPage],
  ['docs/cli.md', cliPage],
  ['docs/api.md', apiPage],
  ['docs/ci-conformance-gitlab.md', gitlabPage],
  ['docs/github-actions.md', githubActionsPage],
])
