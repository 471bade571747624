import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { logCoverage } from './log-coverage.ts'

const find = (pattern: string, ...lines: readonly string[]): string | null => {
  const coverage = logCoverage(pattern)
  for (const line of lines) coverage.see(line)
  return coverage.found()
}

test('the last line that matches says the coverage, by the last group of its last match', () => {
  equal(find(String.raw`^\s*Lines:\s*(\d+.\d+)\%`, '  Lines:   48.46% (510/650)', '  Lines: 78.46%', 'end'), '78.46')
  equal(find(String.raw`All files.*?\|.*?\|.*?([\d\.]+)`, 'All files   |    99.3 |    97.91 |     100 |'), '97.91')
  equal(find(String.raw`Code coverage: \d+\.\d+`, 'Code coverage: 67.89% of lines'), '67.89')
  equal(find(String.raw`TOTAL.*? (100(?:\.0+)?\%|[1-9]?\d(?:\.\d+)?\%)$`, 'TOTAL   10   2   80%'), '80')
  equal(find(String.raw`(?i:coverage) (\d+)`, 'COVERAGE 5 Coverage 6'), '6')
})

test('without a match, or a number in it, nothing is found; a pattern that is none finds nothing', () => {
  equal(find('Lines (.*)', 'Lines none', 'nothing'), null)
  equal(find('(', '('), null)
})

test('a pattern that takes for ever on a line finds nothing from then on, and holds up nobody', () => {
  equal(find('(a+)+(\\d)', '7', 'a1', `${'a'.repeat(60)}!`, 'a2'), null)
})
