import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machines } from '../engine/machines.ts'
import { SluiceError } from './errors.ts'
import { liftState, type StateLift } from './state-lift.ts'

const add =
  (word: string): StateLift =>
  (state) =>
    `${String(state)} ${word}`

test('a state is lifted one version at a time, from the one that it was stored by', () => {
  const lifts = [add('two'), add('three')]
  assert.equal(liftState({ machineVersion: 1, state: 'one' }, lifts), 'one two three')
  assert.equal(liftState({ machineVersion: 2, state: 'one' }, lifts), 'one three')
  const today = { status: 'advancing' }
  assert.equal(liftState({ machineVersion: 3, state: today }, lifts), today)
})

test('an older Sluice leaves a state of a newer machine alone, and says so', () => {
  assert.throws(
    () => liftState({ machineVersion: 3, state: {} }, [add('two')]),
    (error) => error instanceof SluiceError && error.code === 'store_newer',
  )
})

test('every machine has a lift for each of its earlier versions', () => {
  for (const { version, lifts } of Object.values(machines)) assert.equal(lifts.length, version - 1)
})
