import { deepStrictEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import semver from 'semver'
import { bumpVersion, compareVersions, formatVersion, parseVersion } from './semver.ts'

const number = fc.nat(12)
const identifier = fc.oneof(number.map(String), fc.stringMatching(/^[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3}$/))
const version = fc
  .tuple(number, number, number, fc.array(identifier, { maxLength: 4 }))
  .map(([a, b, c, pre]) => `${a}.${b}.${c}${pre.length === 0 ? '' : `-${pre.join('.')}`}`)

describe('versions', () => {
  it('have the precedence that the reference implementation gives them', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const [one, other] = [parseVersion(a), parseVersion(b)]
        if (one === null || other === null) throw new Error(`${a} and ${b} are versions`)
        equal(Math.sign(compareVersions(one, other)), semver.compare(a, b))
        equal(formatVersion(one), a)
      }),
      { numRuns: 500 },
    )
  })

  it('are what the specification calls one, and nothing else', () => {
    const texts = [
      '1.2.3',
      '0.0.0',
      '1.0.0-alpha.1+build.5',
      '1.0.0--',
      '01.2.3',
      '1.2',
      'v1.2.3',
      '1.2.3-01',
      '1.2.3-',
      '',
      '9007199254740993.0.0',
    ]
    deepStrictEqual(
      texts.filter((text) => parseVersion(text) !== null),
      ['1.2.3', '0.0.0', '1.0.0-alpha.1+build.5', '1.0.0--'],
    )
  })

  it('lose their pre-release when they are bumped', () => {
    const one = { major: 1, minor: 2, patch: 3, prerelease: ['beta', 4] }
    deepStrictEqual(
      (['major', 'minor', 'patch', 'none'] as const).map((bump) => formatVersion(bumpVersion(one, bump))),
      ['2.0.0', '1.3.0', '1.2.4', '1.2.3'],
    )
  })
})
