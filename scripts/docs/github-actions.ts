/** `docs/github-actions.md`: what becomes of each key of a workflow. */
import { builtInRemarks, conformance } from '../../packages/sluice/src/adapters/ci/github/conformance.ts'

/** The page. */
export const githubActionsPage = (): string =>
  [
    '# GitHub Actions',
    '',
    '`sluice run --workflow .github/workflows/ci.yml` runs a workflow on this machine, without Docker and without GitHub. What cannot be honoured is told with its line before anything runs.',
    '',
    'What jobs would need that do not run for the event, or that `--job` leaves out, is not asked for. The runs of a workflow are counted (`github.run_number`, `github.run_id`). With `--event-file` refs, activity, inputs and actor are those of the payload.',
    '',
    '*supported*: as documented by GitHub. *partly*: with the difference that stands beside it. *noted*: left out, with a warning. *refused*: an error before the run.',
    '',
    '| key | here | remark |',
    '|---|---|---|',
    ...conformance.map(({ key, support, remark }) => `| \`${key}\` | ${support} | ${remark} |`),
    '',
    '## Actions that are built in',
    '',
    'Any version of them. A copy in the directory of `--actions` goes before.',
    '',
    '| action | what it does here |',
    '|---|---|',
    ...Object.entries(builtInRemarks).map(([name, remark]) => `| \`${name}\` | ${remark} |`),
    '',
  ].join('\n')
