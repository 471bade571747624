/** Sweeps the evidence of a state directory but for some, for a test that kills it. */
import { localEvidence } from '../../src/adapters/evidence/local.ts'
import { digest } from '../../src/core/model.ts'

const [stateDir = '', ...kept] = process.argv.slice(2)
process.stdout.write('begins\n')
await localEvidence(stateDir).sweep({ digests: new Set(kept.map(digest)), since: 1_000_000, baselinesMax: 50 })
process.stdout.write('over\n')
