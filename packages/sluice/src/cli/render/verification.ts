/** What the checks of an environment said, in the terminal. */
import type { VerificationView } from '../../http/client/environment-views.ts'
import { countOf, spanOf } from '../../http/client/words.ts'
import { reportLines } from './error.ts'
import { pad, type Mark, type Style } from './style.ts'

const marks: Readonly<Record<VerificationView['outcome'], Mark>> = { passed: 'done', failed: 'failed', broken: 'warn' }

/** One line for each check, then the report: what · why · evidence · now · next. */
export const verificationLines = (
  verification: VerificationView,
  now: string | null,
  style: Style,
): readonly string[] => {
  const { environment, release, outcome, results } = verification
  const wide = Math.max(...results.map(({ name }) => name.length), 0)
  const bad = results.filter((one) => one.outcome !== 'passed')
  const name = `${environment} with ${release.version}`
  return [
    ...results.map(
      (one) =>
        `${style.mark(marks[one.outcome])} ${pad(one.name, wide)}  ${pad(one.outcome, 6)}  ${one.detail}  ${style.dim(spanOf(one.durationMs))}`,
    ),
    '',
    ...reportLines(
      outcome === 'passed'
        ? {
            mark: 'done',
            what: `${style.bold(name)}: ${countOf(results.length, 'check')} passed`,
            why: null,
            evidence: [],
            now,
            next: null,
            more: null,
          }
        : {
            mark: 'failed',
            what: `${style.bold('SLU-1304')}  ${name}: ${bad.length} of ${countOf(results.length, 'check')} did not pass`,
            why: bad
              .map((one) => `${one.name} ${one.outcome === 'failed' ? 'failed' : 'is broken'}: ${one.detail}`)
              .join('\n'),
            evidence: bad.flatMap(({ evidence }) => evidence),
            now,
            next: `sluice rollback ${environment} -m "why"`,
            more: 'sluice explain SLU-1304',
          },
      style,
    ),
  ]
}
