/** Renews what `docs/errors.md` takes from the error table; the prose under each heading is written by hand and kept. Pure. */
import { type ErrorCode, errorTable, publicCode } from '../../packages/sluice/src/core/errors.ts'

const opening = [
  '# Errors',
  '',
  'Every error has a code that stays what it is. `sluice explain <code>` prints its section. The italic line under a heading is renewed from the table',
  'in `core/errors.ts` by `npm run docs`; the rest is written by hand.',
  '',
]

const advice = {
  never: 'the same again will not help',
  same: 'asking again with the same key is safe, and tells',
  later: 'may work later',
} as const

/** The page with a section for each code, in the order of the table. */
export const errorsPage = (present: string): string => {
  const prose = proseOf(present)
  const sections = codes().flatMap((code) => [
    heading(code),
    '',
    factsOf(code),
    '',
    prose.get(publicCode(code)) ?? unwritten,
    '',
  ])
  return [...opening, ...sections].join('\n')
}

/** What stands where nobody wrote anything yet; the house test refuses it. */
export const unwritten = '(not yet written)'

/** Hand-written text by public code. */
export const proseOf = (page: string): ReadonlyMap<string, string> =>
  new Map(
    page
      .split(/^(?=## SLU-)/m)
      .filter((section) => section.startsWith('## SLU-'))
      .map((section) => {
        const [title = '', , , ...rest] = section.split('\n')
        return [title.split(' ')[1] ?? '', rest.join('\n').trim()]
      }),
  )

const codes = (): readonly ErrorCode[] => {
  const isCode = (text: string): text is ErrorCode => text in errorTable
  return Object.keys(errorTable).filter(isCode)
}

const heading = (code: ErrorCode): string => `## ${publicCode(code)} ${code}`

const factsOf = (code: ErrorCode): string => {
  const { means, exit, status, retry } = errorTable[code]
  return `*${means} Exit code ${exit}, HTTP ${status}; ${advice[retry]}.*`
}
