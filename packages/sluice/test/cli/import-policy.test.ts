/** `sluice import kayenta` and `sluice import argo`, typed into the real command line. */
import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { parsePolicyFile, policyOf } from '../../src/core/judge/policy-file.ts'
import { sluice, sluiceHere } from './sluice.ts'

const template = `
apiVersion: v1
kind: Service
metadata: { name: shop }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args: [{ name: service-name }]
  metrics:
  - name: success-rate
    interval: 5m
    count: 3
    # NOTE: prometheus queries return results in the form of a vector.
    successCondition: result[0] >= 0.95
    failureLimit: 3
    provider:
      prometheus:
        address: http://prometheus.example.com:9090
        query: sum(irate(requests_total{service=~"{{args.service-name}}"}[5m]))
`

const canary = { name: 'my shop / errors', metrics: [{ name: 'errors', groups: ['g'], query: { type: 'prometheus' } }] }

describe('import of policies', () => {
  let cwd = ''
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'sluice-policy-'))
    await writeFile(join(cwd, 'template.yaml'), template)
    await writeFile(join(cwd, 'canary.json'), JSON.stringify(canary))
  })
  after(() => rm(cwd, { recursive: true }))

  test('an AnalysisTemplate becomes a policy file that says what was kept, and judges', async () => {
    const { code, stdout } = await sluice({ cwd }, 'import', 'argo', 'template.yaml')
    strictEqual(code, 0)
    match(
      stdout,
      /kept {3}In Argo a run that is ended before a metric was measured is Successful\. Here that is broken/,
    )
    match(stdout, /not kept {2}success-rate: its provider \(prometheus\) was not kept/)
    match(stdout, /wrote {2}success-rate\.policy\.ts/)
    const loaded = (await import(pathToFileURL(join(cwd, 'success-rate.policy.ts')).href)) as { default: unknown }
    const policy = policyOf(parsePolicyFile(loaded.default))
    const verdict = policy.judge({ startedAt: 0, now: 1, ended: true, series: [] })
    deepStrictEqual([verdict.outcome, verdict.verdict], ['Successful', 'broken'])
  })

  test('a canary config becomes one where --output says, and never over another file', async () => {
    const words = ['import', 'kayenta', 'canary.json', '--output', 'policies/errors.ts', '--json']
    const { code, stdout } = await sluiceHere({ cwd }, ...words)
    strictEqual(code, 0)
    const said = JSON.parse(stdout) as { readonly wrote: string; readonly notes: readonly string[] }
    strictEqual(said.wrote, 'policies/errors.ts')
    deepStrictEqual(said.notes.length, 4)
    match(await readFile(join(cwd, 'policies/errors.ts'), 'utf8'), /NetflixACAJudge-v1\.0/)
    const again = await sluiceHere({ cwd }, ...words)
    strictEqual(again.code, 2)
    strictEqual((await sluiceHere({ cwd }, ...words, '--force')).code, 0)
  })

  test('a policy file is read by judge replay, and what is none is refused before anything is asked', async () => {
    const refused = async (...words: readonly string[]): Promise<string> => {
      const { code, stderr } = await sluiceHere({ cwd }, 'judge', 'replay', ...words)
      strictEqual(code, 2)
      return stderr
    }
    match(await refused(), /a policy file/)
    match(await refused('--policy', 'none.ts'), /there is no file/)
    await writeFile(join(cwd, 'odd.ts'), 'export default { kind: "argo" }')
    match(await refused('--policy', 'odd.ts'), /This is no judge policy/)
    match(await refused('--policy', 'success-rate.policy.ts', '--series', 'all'), /good or bad, not all/)
  })

  test('what is none is refused with its reason', async () => {
    const refused = async (...words: readonly string[]): Promise<string> => {
      const { code, stderr } = await sluiceHere({ cwd }, 'import', ...words)
      strictEqual(code, 2)
      return stderr
    }
    match(await refused('argo'), /which file\?/)
    match(await refused('argo', 'nothing.yaml'), /there is no file/)
    match(await refused('kayenta', 'template.yaml'), /SLU-1002.*no canary config/s)
    match(await refused('argo', 'canary.json'), /there are 0 AnalysisTemplates/)
    await writeFile(join(cwd, 'odd.yaml'), template.replace('result[0] >= 0.95', 'result[0] ?? 1'))
    match(await refused('argo', 'odd.yaml'), /successCondition of success-rate: "\?" at 11 is not understood/)
    await writeFile(join(cwd, 'large.yaml'), ' '.repeat(2_097_153))
    match(await refused('argo', 'large.yaml'), /at most 2097152/)
  })
})
