/** A change record as text: the same facts, in the same order, for a terminal and for a file. */
import { isoTime } from '../../core/iso-time.ts'
import type { ChangeDetailView } from './governance-views.ts'

/** One fact of a record. */
export type ChangeFact = readonly [name: string, texts: readonly string[]]

/** Every fact that the record has. */
export const changeFacts = (change: ChangeDetailView): readonly ChangeFact[] => [
  ['Service', [`${change.service}${change.team === null ? '' : ` of ${change.team}`}`]],
  ['Release', [`${change.from?.version ?? 'nothing'} → ${change.to.version} in ${change.environment}`, change.to.id]],
  ['Commit', change.commit === null ? ['not stored any more'] : [`${change.commit.id} ${change.commit.subject}`]],
  ['Author', [change.author ?? 'not known']],
  ['Built by', [change.triggeredBy ?? 'not known']],
  ['Asked for by', [`${change.requestedBy.name}, ${isoTime(change.startedAt)}`]],
  ['Risk', [change.risk.level, ...change.risk.reasons]],
  ['Approvals', orNone(change.approvals.map(approvalText))],
  ['Policies met', orNone(change.policies)],
  ...(change.hotfix === null ? [] : [['Hotfix', hotfixTexts(change.hotfix)] as const]),
  ...(change.breakGlass === null ? [] : [['Broken glass', glassTexts(change)] as const]),
  ['Validation', orNone(validationTexts(change))],
  ['Changes', orNone(changeTexts(change))],
  ['Rollback plan', rollbackTexts(change)],
  ['Outcome', [outcomeText(change)]],
]

/** The record as Markdown. */
export const changeMarkdown = (change: ChangeDetailView): string =>
  [
    `# Change ${change.id}`,
    '',
    ...changeFacts(change).flatMap(([name, texts]) =>
      texts.length === 1
        ? [`- **${name}**: ${escaped(texts[0] ?? '')}`]
        : [`- **${name}**:`, ...texts.map((text) => `  - ${escaped(text)}`)],
    ),
  ].join('\n')

/** Nothing that somebody wrote into a commit or a reason becomes markup. */
const escaped = (text: string): string =>
  text.replaceAll(/[\\`*_[\]<>#|!]/g, (sign) => `\\${sign}`).replaceAll(/\s+/g, ' ')

const orNone = (texts: readonly string[]): readonly string[] => (texts.length === 0 ? ['none'] : texts)

const approvalText = ({ by, at, reason, groups }: ChangeDetailView['approvals'][number]): string =>
  `${by.name}${groups.length === 0 ? '' : ` (${groups.join(', ')})`}, ${isoTime(at)}${reason === null ? '' : `: ${reason}`}`

const glassTexts = ({ breakGlass, red }: ChangeDetailView): readonly string[] => {
  if (breakGlass === null) return []
  const { by, at, reason, passed, review } = breakGlass
  const reviewed =
    review === null
      ? red
        ? 'NOT REVIEWED'
        : 'reviewed'
      : `reviewed by ${review.by.name}, ${isoTime(review.at)}: ${review.reason}`
  return [`by ${by.name}, ${isoTime(at)}: ${reason}`, `went past ${passed.join(', ')}`, reviewed]
}

const hotfixTexts = ({ remediates }: NonNullable<ChangeDetailView['hotfix']>): readonly string[] =>
  remediates.length === 0 ? ['not planned'] : remediates.map((rollout) => `makes good ${rollout}`)

const validationTexts = ({ validation }: ChangeDetailView): readonly string[] => [
  ...validation.gates.map(({ gate, status }) => `gate ${gate}: ${status}`),
  ...validation.steps,
  ...(validation.verdict === null ? [] : [`judge: ${validation.verdict}`]),
]

const changeTexts = ({ changes }: ChangeDetailView): readonly string[] => [
  ...changes.migrations.map((one) => `migration ${one.name} (${one.class})`),
  ...changes.config.map((name) => `config ${name}`),
  ...changes.secrets.map((name) => `secret ${name}`),
  ...changes.flags.map(({ name, change }) => `flag ${name} (${change})`),
]

const rollbackTexts = ({ rollbackPlan }: ChangeDetailView): readonly string[] => [
  rollbackPlan.to === null ? 'there is nothing to go back to' : `back to ${rollbackPlan.to.version}`,
  ...rollbackPlan.steps,
  ...rollbackPlan.pointOfNoReturn.map((name) => `no way back past ${name}`),
]

const outcomeText = ({ status, settledAt, cause }: ChangeDetailView): string =>
  `${status.replace('_', ' ')}${settledAt === null ? '' : `, ${isoTime(settledAt)}`}${cause === null ? '' : `: ${cause.text}`}`
