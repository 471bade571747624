import { strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { runCauseView } from './causes.ts'

test('a job that is called as its environment is named once', () => {
  const textOf = (job: string): string => {
    const detail = 'production is locked by Ada, until it is unlocked: incident'
    const failure = { code: 'admission_refused', retry: 'later', detail, evidence: [] } as const
    return runCauseView({ kind: 'job_failed', job, failure }).text
  }
  strictEqual(textOf('production'), 'production is locked by Ada, until it is unlocked: incident')
  strictEqual(textOf('ship'), 'job ship: production is locked by Ada, until it is unlocked: incident')
})
