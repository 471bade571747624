import { rollbackMutants } from '/work/wt-rollback/bench/sim/mutants-rollback.ts'
import { Workshop } from '/work/wt-rollback/bench/sim/workshop.ts'
const shop = await Workshop.open()
try {
  console.log('clean', await shop.ask('rollbackTests'))
  for (const mutant of rollbackMutants) {
    const { killer, words } = await shop.try(mutant)
    console.log(killer ?? 'SURVIVED', '|', mutant.why, '|', words.slice(0, 80))
  }
} finally { await shop.close() }
