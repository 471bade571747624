import assert from 'node:assert/strict'
import { test } from 'node:test'
import { telling } from './log.ts'

test('warnings of one event are told as well, each text once; everything is written', () => {
  const written: string[] = []
  const told: string[] = []
  const write = (event: string): void => void written.push(event)
  const log = telling(
    { info: write, warn: write, error: write },
    { event: 'cache_trouble', tell: (text) => void told.push(text) },
  )
  log.warn('cache_trouble', { text: 'one' })
  log.warn('cache_trouble', { text: 'one' })
  log.warn('cache_trouble', { text: 'two' })
  log.warn('other', { text: 'three' })
  log.info('cache_trouble', { text: 'four' })
  log.error('cache_trouble', { text: 'five' })
  assert.deepEqual(told, ['one', 'two'])
  assert.equal(written.length, 6)
})
