import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SluiceError } from '../errors.ts'
import { readArgo } from './argo/template.ts'
import { readKayenta } from './kayenta/config.ts'
import { usualStage } from './kayenta/policy.ts'
import { parsePolicyFile, policyOf, type PolicyFile, renderPolicyFile } from './policy-file.ts'

const kayenta: PolicyFile = {
  kind: 'kayenta',
  config: readKayenta(JSON.stringify({ name: 'shop', metrics: [{ name: 'errors', groups: ['g'] }] })).config,
  stage: usualStage,
}
const argo: PolicyFile = {
  kind: 'argo',
  template: readArgo({
    kind: 'AnalysisTemplate',
    metadata: { name: 'rate' },
    spec: { metrics: [{ name: 'rate', interval: '1m', successCondition: 'result > 0.9' }] },
  }).template,
}

describe('a policy file', () => {
  for (const file of [kayenta, argo])
    it(`of ${file.kind} is data that comes back as it went`, () => {
      const text = renderPolicyFile(file, { from: 'a.json', notes: [] })
      const data: unknown = JSON.parse(text.slice(text.indexOf('= {') + 2, text.indexOf('\nexport default')))
      assert.deepEqual(parsePolicyFile(data), file)
      assert.equal(policyOf(file).origin, file.kind)
    })

  it('says what it does and what was left behind, each in a line of its own whatever the text holds', () => {
    const from = 'a.yaml\nprocess.exit(1) //'
    const text = renderPolicyFile(argo, { from, notes: ['rate: its provider\u2028evil() was not kept'] })
    const code = text.split(/[\n\u2028]/).find((line) => !line.startsWith('//'))
    assert.match(text, /never a pass/)
    assert.match(text, /What was not kept:\n\/\/ {3}rate: its provider evil\(\) was not kept\n/)
    assert.equal(code, "import type { PolicyFile } from 'sluice'")
  })

  it('that is none is refused', () => {
    for (const value of [null, {}, { kind: 'argo', template: { name: 'x', metrics: [] } }, { ...argo, more: 1 }])
      assert.throws(
        () => parsePolicyFile(value),
        (error) => error instanceof SluiceError && error.code === 'config_invalid',
      )
  })
})
