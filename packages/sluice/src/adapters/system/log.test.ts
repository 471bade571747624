import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { systemLog, telling } from './log.ts'

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

test('a disk without room takes no record, and nothing fails for it', { skip: !existsSync('/dev/full') }, () => {
  const log = systemLog({ to: '/dev/full' })
  for (let record = 0; record < 3; record += 1) log.error('full', { record })
})
