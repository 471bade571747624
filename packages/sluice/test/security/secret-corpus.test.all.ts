/** The corpus of the secret scan with many seeds: no rule may hang on the luck of one. */
import { deepStrictEqual } from 'node:assert/strict'
import { it } from 'node:test'
import { loadPreset } from '../../src/adapters/security/secretlint.ts'
import { findCandidates } from '../../src/core/security/secrets/match.ts'
import { findingsOf } from '../../src/core/security/secrets/scan-text.ts'
import { negatives, positives } from './secret-corpus.ts'

it('finds each credential and nothing else, for 100 seeds', async () => {
  const preset = await loadPreset()
  const world = { now: 0, sha256: (text: string): string => text }
  const wrong: string[] = []
  for (let seed = 1; seed <= 100; seed += 1)
    for (const { name, file, text, rule } of [...positives(seed), ...negatives(seed + 1_000_000)]) {
      const lowered = text.toLowerCase()
      const candidates = [...(await preset(file, text, lowered)), ...findCandidates(file, text, lowered)]
      const { findings } = findingsOf({ file, commit: null, text, lines: [] }, candidates, world)
      const found = findings.map((finding) => finding.rule).join()
      if (found !== (rule ?? '')) wrong.push(`seed ${seed}, ${name}: ${found || 'nothing'}`)
    }
  deepStrictEqual(wrong, [])
})
