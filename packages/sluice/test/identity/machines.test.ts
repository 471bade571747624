/** The five laws for the machines of people, tokens and sessions, and the transition tables in their headers. */
import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type PersonEvent, personMachine, type PersonState } from '../../src/core/identity/person.ts'
import { type SessionEvent, sessionMachine, type SessionState } from '../../src/core/identity/session.ts'
import { type TokenEvent, tokenMachine, type TokenState } from '../../src/core/identity/token.ts'
import { checkLaws, documentedTransitions, type Draw, observedTransitions, type Subject, walk } from '../laws.ts'

const by = { kind: 'person', name: 'ada' } as const
const one = <Value>(draw: Draw, values: readonly Value[]): Value => {
  const value = values[draw(values.length)]
  if (value === undefined) throw new Error('nothing to draw from')
  return value
}

const people: Subject<PersonState, PersonEvent, never> = {
  machine: personMachine,
  initial: { status: 'absent' },
  event: (_, draw) => {
    const at = draw(100)
    const role = one(draw, ['viewer', 'deployer', 'admin'] as const)
    const environments = one(draw, [null, ['staging'], ['staging', 'production']])
    return one<PersonEvent>(draw, [
      { type: 'person_added', at, by, name: 'grace', source: { kind: 'local' } },
      { type: 'role_granted', at, by, grant: { role, environments } },
      { type: 'role_granted', at, by, grant: { role, environments: null } },
      { type: 'role_revoked', at, by, role },
      { type: 'groups_changed', at, groups: one(draw, [[], ['sre'], ['sre', 'web']]) },
      { type: 'password_set', at, by },
      { type: 'person_removed', at, by },
    ])
  },
  answers: () => [],
  length: 12,
  runs: 60,
}

const tokens: Subject<TokenState, TokenEvent, never> = {
  machine: tokenMachine,
  initial: { status: 'absent' },
  event: (_, draw) => {
    const at = draw(100)
    const subject = { id: 'tok_1', kind: 'pat', label: 'ci', owner: 'ada', scope: null, expiresAt: 50 } as const
    return one<TokenEvent>(draw, [
      { type: 'token_issued', at, by, subject },
      { type: 'token_used', at },
      { type: 'token_revoked', at, by },
    ])
  },
  answers: () => [],
  length: 6,
  runs: 40,
}

const sessions: Subject<SessionState, SessionEvent, never> = {
  machine: sessionMachine,
  initial: { status: 'absent' },
  event: (_, draw) => {
    const at = draw(100)
    const subject = { id: 'ses_1', name: 'ada', method: 'password', carrier: 'cookie', expiresAt: 50 } as const
    return one<SessionEvent>(draw, [
      { type: 'signed_in', at, subject },
      { type: 'session_seen', at },
      { type: 'signed_out', at, by },
    ])
  },
  answers: () => [],
  length: 6,
  runs: 40,
}

checkLaws(people)
checkLaws(tokens)
checkLaws(sessions)

test('the transition tables in the headers of the machines are those of their code', () => {
  const headerOf = (name: string): readonly string[] =>
    documentedTransitions(readFileSync(new URL(`../../src/core/identity/${name}.ts`, import.meta.url), 'utf8'))
  deepStrictEqual(observedTransitions(people, 2_000, headerOf('person')), headerOf('person'))
  deepStrictEqual(observedTransitions(tokens, 500, headerOf('token')), headerOf('token'))
  deepStrictEqual(observedTransitions(sessions, 500, headerOf('session')), headerOf('session'))
})

test('a person has each role at most once, and who is added again has nothing of before', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    for (const { before, event, state } of walk(people, seed, 20)) {
      if (state.status === 'absent') continue
      const roles = state.grants.map(({ role }) => role)
      deepStrictEqual(roles.length, new Set(roles).size, `seed ${seed}`)
      if (event.type !== 'person_added' || before === state) continue
      deepStrictEqual([state.grants, state.groups, state.passwordAt], [[], [], null], `seed ${seed}`)
    }
  }
})
