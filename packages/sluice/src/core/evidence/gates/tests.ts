/** The gate over tests: none fails, and enough of them ran. */
import { contentsOf } from '../collected.ts'
import { matchesWildcard } from '../glob.ts'
import { firstLine } from '../told.ts'
import type { TestCase } from '../types.ts'
import type { GateDetail, GateVerdict, QuarantinedTest, TestsGate } from './types.ts'
import { brokenVerdict, counted, day, excuseText, type GateInput, holds, verdictOf } from './verdict.ts'

/** Judges the tests of all reports. No test at all is `broken`: a suite that silently ran nothing must not look green. */
export const judgeTests = (gate: TestsGate, input: GateInput): GateVerdict => {
  const cases = contentsOf(input.reports, 'tests').flatMap((content) => content.cases)
  const subject = { gate: 'tests', kind: 'tests', unit: 'tests', waiver: gate.waiver, evidence: ['tests'] } as const
  const ran = cases.filter(({ outcome }) => outcome === 'passed' || outcome === 'failed').length
  if (ran === 0)
    return brokenVerdict(
      { ...subject, threshold: gate.minimum, bound: 'at_least', measured: 0 },
      input,
      cases.length === 0 ? 'no tests ran' : `no tests ran, ${cases.length} were skipped`,
    )
  const bad = cases.filter((one) => one.outcome === 'failed' || (gate.failOnFlaky && isFlaky(one)))
  const details = bad.map((one) => detailOf(one, gate.quarantine, input.at))
  const counting = details.filter(({ excusedBy }) => excusedBy === null).length
  const excused = details.length - counting
  const isEnough = ran >= gate.minimum
  const words = [
    counting === 0 ? `${counted(ran, 'test')} ran, none failed` : `${counting} of ${counted(ran, 'test')} failed`,
    excused === 0 ? null : `${counted(excused, 'failure')} in quarantine`,
    countOf(cases, isFlaky, 'flaky'),
    countOf(cases, ({ outcome }) => outcome === 'skipped', 'skipped'),
    isEnough ? null : `at least ${gate.minimum} must run`,
    ended(bad, gate.quarantine, input.at),
  ]
  const parts = { measured: counting, threshold: 0, bound: 'at_most' } as const
  const missing = { measured: ran, threshold: gate.minimum, bound: 'at_least' } as const
  const isMet = counting === 0 && isEnough
  const sentence = words.filter((word) => word !== null).join(', ')
  return verdictOf(
    { ...subject, ...(counting === 0 && !isEnough ? missing : parts), isMet, sentence, details, excuses: excused },
    input,
  )
}

/** Whether a test passed only after failing in the same run. */
const isFlaky = ({ outcome, failedAttempts }: Pick<TestCase, 'outcome' | 'failedAttempts'>): boolean =>
  outcome === 'passed' && failedAttempts > 0

const countOf = (cases: readonly TestCase[], is: (one: TestCase) => boolean, word: string): string | null => {
  const count = cases.filter(is).length
  return count === 0 ? null : `${count} ${word}`
}

const detailOf = (one: TestCase, quarantine: readonly QuarantinedTest[], at: number): GateDetail => {
  const excuse = quarantine.find((entry) => isNamed(one, entry) && holds(entry, at))
  const why = isFlaky(one)
    ? `passed after ${counted(one.failedAttempts, 'failed attempt')}`
    : firstLine(one.failure?.message ?? '')
  return {
    text: why === '' ? one.id : `${one.id}: ${why}`,
    file: one.failure?.file ?? one.file,
    line: one.failure?.line ?? one.line,
    excusedBy: excuse === undefined ? null : excuseText(excuse),
  }
}

/** A person may name a test with its file or without, as the report or the terminal shows it. */
const isNamed = ({ id, suites, name }: TestCase, { test }: QuarantinedTest): boolean =>
  [id, [...suites, name].join(' > '), name].some((text) => matchesWildcard(text, test))

const ended = (bad: readonly TestCase[], quarantine: readonly QuarantinedTest[], at: number): string | null => {
  const over = quarantine.find((entry) => !holds(entry, at) && bad.some((one) => isNamed(one, entry)))
  return over === undefined ? null : `the quarantine of ${JSON.stringify(over.test)} ended on ${day(over.until)}`
}
