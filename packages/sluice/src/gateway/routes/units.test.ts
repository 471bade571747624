import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { saltSeed, stickyHash, unitHash } from '../../core/routing-pick.ts'
import { UnitMarks, UnitSketch } from './units.ts'

const seed = saltSeed('units')
const hashOf = (key: number): number => unitHash(stickyHash(seed, `user-${key}`))

describe('counting units', () => {
  it('counts different keys within 1 % up to a hundred and within 6 % (about 4 sigma) up to a million, each once', () => {
    const sketch = new UnitSketch()
    for (let key = 0; key < 1_000_000; key += 1) {
      sketch.add(hashOf(key))
      if (key % 3 === 0) sketch.add(hashOf(key))
      const count = key + 1
      if (count === 1 || count === 100)
        assert.ok(Math.abs(sketch.estimate() - count) <= count * 0.02, `${count}: ${sketch.estimate()}`)
      if (count === 5_000 || count === 12_000 || count === 100_000 || count === 1_000_000) {
        assert.ok(Math.abs(sketch.estimate() - count) <= count * 0.07, `${count}: ${sketch.estimate()}`)
      }
    }
  })

  it('counts the units of an arm as well as those of all', () => {
    const sketch = new UnitSketch()
    let units = 0
    for (let key = 0; key < 100_000; key += 1) {
      const hash = stickyHash(seed, `user-${key}`)
      if (hash >= 0.05 * 2 ** 32) continue
      units += 1
      sketch.add(unitHash(hash))
    }
    assert.ok(Math.abs(sketch.estimate() - units) <= units * 0.07, `${units}: ${sketch.estimate()}`)
  })

  it('marks a unit once', () => {
    const marks = new UnitMarks()
    let first = 0
    for (let key = 0; key < 1_000; key += 1) if (marks.mark(hashOf(key))) first += 1
    for (let key = 0; key < 1_000; key += 1) assert.equal(marks.mark(hashOf(key)), false)
    assert.ok(first >= 985, `${first} of 1000 were told apart`)
  })

  it('starts empty when what was kept has another size', () => {
    assert.equal(new UnitSketch(new Uint8Array(3)).estimate(), 0)
    assert.equal(new UnitMarks(new Uint8Array(3)).mark(7), true)
  })
})
