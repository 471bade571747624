/** What the reports of a run came to: tests, coverage, findings. Nothing where there were no reports. */
import type { VNode } from 'preact'
import type { EvidenceView } from '../../../../sluice/src/http/client/evidence-views.ts'
import { spanOf } from '../../../../sluice/src/http/client/words.ts'
import { useAnswer } from '../../live/store.ts'
import { Facts, Part } from '../../parts/page.tsx'
import { numberOf } from '../../words.ts'

/** The evidence of a run that is over. */
export const Evidence = ({ run }: { readonly run: string }): VNode | null => {
  const data = useAnswer({ id: 'runs.evidence', input: { params: { run } } })?.data.value ?? null
  if (data === null || isBare(data)) return null
  const { tests, coverage, findings } = data
  return (
    <Part title="Evidence">
      <Facts
        facts={[
          tests === null
            ? null
            : [
                'Tests',
                `${numberOf(tests.passed)} passed, ${tests.failed} failed, ${tests.skipped} skipped, ${tests.flaky} flaky, in ${spanOf(tests.durationMs)}`,
              ],
          coverage?.totals.lines === null || coverage === null
            ? null
            : [
                'Lines covered',
                `${numberOf(coverage.totals.lines.covered)} of ${numberOf(coverage.totals.lines.total)}`,
              ],
          findings === null
            ? null
            : [
                'Findings',
                Object.entries(findings)
                  .map(([severity, count]) => `${count} ${severity}`)
                  .join(', '),
              ],
          data.attachments.length === 0 ? null : ['Attachments', data.attachments.map(({ path }) => path).join(', ')],
          data.unread.length === 0 ? null : ['Could not be read', data.unread.join('; ')],
        ]}
      />
      {tests !== null && tests.failures.length > 0 && (
        <ul class="lines">
          {tests.failures.map(({ id, failure }) => (
            <li key={id} class="failure">
              <b>{id}</b>
              <span class="what">{failure?.message ?? ''}</span>
            </li>
          ))}
        </ul>
      )}
      {data.annotations.length > 0 && (
        <ul class="lines">
          {data.annotations.map(({ job, level, message, file, line }, index) => (
            <li key={`${index} ${job}`}>
              <b>{level}</b>
              <span class="what">{message}</span>
              {file !== null && (
                <code>
                  {file}
                  {line === null ? '' : `:${line}`}
                </code>
              )}
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}

const isBare = ({ tests, coverage, findings, annotations, attachments, unread }: EvidenceView): boolean =>
  tests === null &&
  coverage === null &&
  findings === null &&
  annotations.length + attachments.length + unread.length === 0
