import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { releaseId } from '../../core/model.ts'
import { saltSeed } from '../../core/routing-pick.ts'
import type { ArmName, Route } from '../../core/routing.ts'
import { assignSlots, emptySlots, planText, routeShown, slotCount } from './plan.ts'

const release = (letter: string) => releaseId(`rel_${letter.repeat(64)}`)
const upstreams = [{ instance: 'a', host: '127.0.0.1', port: 1 }]

const routeOf = (arms: readonly (readonly [ArmName, string, number])[]): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 1 },
  fence: { token: 1, sequence: 1 },
  arms: arms.map(([name, letter, shareBp]) => ({ name, release: release(letter), shareBp, upstreams })),
  sticky: { kind: 'none' },
  salt: 'salt',
  tripwire: null,
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

test('the split of a route is one value, and is read back as the route', () => {
  const route = routeOf([
    ['stable', 'a', 9_300],
    ['candidate', 'b', 500],
    ['holdback', 'c', 200],
  ])
  const slots = assignSlots(emptySlots, null, route)
  const text = planText(route, slots, 7)
  strictEqual(text, `7|none|500|9800|${saltSeed('salt') >>> 0}|release0|release1|release2`)
  deepStrictEqual(routeShown(route, slots, text), route)
})

test('a split that is another one, or none, is shown as what it is', () => {
  const route = routeOf([
    ['stable', 'a', 5_000],
    ['candidate', 'b', 5_000],
  ])
  const slots = assignSlots(emptySlots, null, route)
  const shares = (text: string | null) => routeShown(route, slots, text).arms.map(({ shareBp }) => shareBp)
  deepStrictEqual(shares('6|none|100|10000|1|release0|release1|none'), [9_900, 100])
  deepStrictEqual(shares('6|none|100|10000|1|release0|release5|none'), [9_900, 0])
  deepStrictEqual(shares(null), [0, 0])
})

test('a route without a share holds', () => {
  strictEqual(planText(routeOf([]), emptySlots, 1).split('|')[5], 'hold')
})

test('a release keeps its backend for as long as it is routed, and two that are routed never share one', () => {
  const letters = fc.uniqueArray(fc.constantFrom(...'abcdef01'), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 30 }), (rounds) => {
      let slots = emptySlots
      let before: Route | null = null
      for (const round of rounds) {
        const names: readonly ArmName[] = ['stable', 'candidate', 'holdback']
        const route = routeOf(round.map((letter, index) => [names[index] ?? 'stable', letter, 0]))
        const next = assignSlots(slots, before, route)
        strictEqual(next.length, slotCount)
        const places = round.map((letter) => next.indexOf(release(letter)))
        strictEqual(new Set(places).size, round.length)
        for (const { release: kept } of before?.arms ?? [])
          strictEqual(next.indexOf(kept), slots.indexOf(kept), 'what was routed until now still drains where it is')
        slots = next
        before = route
      }
    }),
  )
})
