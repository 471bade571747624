/** Renders `docs/ci-conformance-gitlab.md` from the table of keys that lowering itself uses. Pure. */
import { gitlabKeys, type KeyRow, type KeySupport } from '../../packages/sluice/src/adapters/ci/gitlab/keys.ts'

const opening = [
  '# GitLab pipelines, key by key',
  '',
  'Made by `npm run docs` from the table with which Sluice reads `.gitlab-ci.yml`. Nothing is dropped in silence: a key that is not in it is an error with line and column.',
  '',
  '| | means |',
  '|---|---|',
  '| supported | as GitLab documents it |',
  '| partly | works, and differs as the line says; a warning when it is used |',
  '| noted | has no meaning without a GitLab; a warning when it is used |',
  '| refused | nothing starts while it is used |',
  '',
]

/** The whole page. */
export const gitlabPage = (): string => {
  const rows = Object.values(gitlabKeys).flatMap((scope) => Object.values(scope))
  const count = (support: KeySupport): string => `${rows.filter(([one]) => one === support).length} ${support}`
  return [
    ...opening,
    `${rows.length} keys: ${(['supported', 'partly', 'noted', 'refused'] as const).map(count).join(', ')}.`,
    '',
    ...Object.entries(gitlabKeys).flatMap(([scope, keys]) => section(scope, keys)),
  ].join('\n')
}

const titles: Readonly<Record<string, string>> = {
  root: 'The file',
  default: '`default`',
  job: 'A job',
  rule: '`rules` of a job',
  'workflow rule': '`rules` of the workflow',
  'include rule': '`rules` of an include',
  'job variable': '`variables` of a job',
  variable: '`variables` of the file',
  'cache key': '`cache:key`',
  only: '`only` and `except`',
  need: '`needs`',
  input: '`spec:inputs`',
  service: '`services`',
}

const section = (scope: string, keys: Readonly<Record<string, KeyRow>>): readonly string[] => [
  `## ${titles[scope] ?? `\`${scope}\``}`,
  '',
  '| key | | |',
  '|---|---|---|',
  ...Object.entries(keys).map(([key, [support, line]]) => `| \`${key}\` | ${support} | ${line} |`),
  '',
]
