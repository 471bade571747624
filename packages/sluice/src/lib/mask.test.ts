import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formsOf } from './mask-forms.ts'
import { mask, Masker, MaskSet, maskText } from './mask.ts'

const maskAll = (secrets: readonly string[], chunks: readonly (string | Buffer)[]): string => {
  const masker = new Masker(new MaskSet(secrets))
  return Buffer.concat([...chunks.map((chunk) => masker.push(Buffer.from(chunk))), masker.end()]).toString()
}

/** The same, found one by one: every place that a form covers, touching ones as one. */
const maskSlowly = (secrets: readonly string[], text: Buffer): string => {
  const isCovered = new Uint8Array(text.length)
  for (const form of secrets.flatMap(formsOf))
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1))
      isCovered.fill(1, at, at + form.length)
  const parts: (Buffer | string)[] = []
  for (let at = 0; at < text.length; at += 1) {
    if (isCovered[at] === 0) parts.push(text.subarray(at, at + 1))
    else if (isCovered[at - 1] !== 1) parts.push(mask)
  }
  return Buffer.concat(parts.map((part) => Buffer.from(part))).toString()
}

const inChunks = (text: Buffer, sizes: readonly number[]): readonly Buffer[] => {
  const chunks: Buffer[] = []
  for (let at = 0, index = 0; at < text.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    chunks.push(text.subarray(at, at + size))
    at += size
  }
  return chunks
}

const key = `-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\nQyNTUxOQAAACB1Ym4=\n-----END OPENSSH PRIVATE KEY-----\n`

describe('masking', () => {
  it('replaces a secret wherever the chunks are cut', () => {
    const text = 'before hunter2-hunter2 after'
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.equal(maskAll(['hunter2-hunter2'], [text.slice(0, cut), text.slice(cut)]), `before ${mask} after`)
    }
  })

  it('makes one mask of secrets that overlap, touch, or lie in each other', () => {
    // Cases of the Buildkite agent's replacer, with secrets of four characters or more.
    const text = 'Lorem ipsum dolor sit amet'
    const cases: readonly (readonly [readonly string[], string])[] = [
      [[], text],
      [['ipsum'], 'Lorem *** dolor sit amet'],
      [['ipsum', 'amet'], 'Lorem *** dolor sit ***'],
      [['ipsum dolor', 'dolor'], 'Lorem *** sit amet'],
      [['ipsum', 'ipsum dolor'], 'Lorem *** sit amet'],
      [['ipsum dolor', 'dolor sit'], 'Lorem *** amet'],
      [['ipsum dolor', 'dolor sEt', 'sit amet'], 'Lorem *** ***'],
      [['Lorem ipsum dolor sEt', 'ipsum', 'dolor'], 'Lorem *** *** sit amet'],
      [['m dolo', 'um dolor', 'sum dolor s', 'psum dolor s', 'ipsum dolor si'], 'Lorem ***t amet'],
      [['Lorem ', 'ipsum dolor', 'Lore', 'm ipsum'], '*** sit amet'],
    ]
    for (const [secrets, expected] of cases) {
      assert.equal(maskAll(secrets, [text]), expected)
      assert.equal(maskAll(secrets, [...text]), expected)
    }
    assert.equal(maskAll(['hunter'], ['hunterhunter', 'hunter hunter']), '*** ***')
  })

  it('leaves ordinary text as it is, to the last byte', () => {
    assert.equal(maskAll(['hunter2'], ['hunt', 'er', ' hunter']), 'hunter hunter')
    assert.equal(maskAll([], ['anything']), 'anything')
    assert.equal(maskAll(['{', 'abc', '', '  \n'], ['{"a":1} abc']), '{"a":1} abc')
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28, 0x0a, 0xf0, 0x9f])
    const masker = new Masker(new MaskSet(['hunter2']))
    assert.deepEqual(Buffer.concat([masker.push(bytes), masker.end()]), bytes)
  })

  it('gives at once what can no longer be part of a secret, and holds the rest back', () => {
    const masker = new Masker(new MaskSet(['hunter2-hunter2']))
    assert.equal(masker.push(Buffer.from('password: hunt')).toString(), 'password: ')
    assert.equal(masker.push(Buffer.from('er2-hunt!')).toString(), 'hunter2-hunt!')
    assert.equal(masker.push(Buffer.from('hunter2')).toString(), '')
    assert.equal(masker.end().toString(), 'hunter2')
  })

  it('takes values while it runs, also where their beginning is held back', () => {
    const masks = new MaskSet([])
    const masker = new Masker(masks)
    assert.equal(masker.push(Buffer.from('one-secret ')).toString(), 'one-secret ')
    masks.add('one-secret')
    assert.equal(masker.push(Buffer.from('one-secret one-')).toString(), `${mask} `)
    masks.add('secret, two')
    assert.equal(masker.push(Buffer.from('secret, two')).toString(), mask)
    assert.equal(masker.push(Buffer.from(' end')).toString(), ' end')
  })

  it('masks each line of a secret of many lines, however its lines end', () => {
    for (const end of ['\n', '\r\n', '\r\r\n', '\n    ', ' ']) {
      const masked = maskAll([key], [`before\n${key.trim().replaceAll('\n', end)}\nafter`])
      assert.equal(masked.replaceAll(/(\*\*\*\s*)+/g, mask), `before\n${mask}after`, JSON.stringify(end))
    }
    assert.equal(maskAll([key], [key]), `${mask}\n`)
    // A line of it somewhere else; a line that says nothing.
    assert.equal(maskAll(['{\n  token=abcdef\n}\n------\n'], ['{\n}\n------\ntoken=abcdef']), `{\n}\n------\n${mask}`)
  })

  it('masks the leaves of a secret that is a JSON document, but not its brackets, names and words', () => {
    const document = JSON.stringify(
      {
        user: 'root',
        port: 15432,
        isOn: true,
        nothing: null,
        keys: ['first/key', { pem: 'line one\nline two' }],
        short: 'abc',
      },
      null,
      2,
    )
    const log = 'user root port 15432 true null keys first/key line one abc { } [ ]'
    assert.equal(maskAll([document], [log]), `user ${mask} port ${mask} true null keys ${mask} ${mask} abc { } [ ]`)
    assert.equal(maskAll(['{"id":12345678901234567890}'], ['id 12345678901234567890']), `id ${mask}`)
    assert.equal(maskAll([JSON.stringify({ inner: '{"password":"swordfish"}' })], ['swordfish']), mask)
  })
})

describe('forms of a secret', () => {
  const awkward = `p@ss w"rd/1'&<é>\\$x~(!)`

  it('are those that programs write', () => {
    const bytes = Buffer.from(awkward)
    const written: readonly string[] = [
      encodeURIComponent(awkward),
      encodeURIComponent(awkward).toLowerCase(),
      encodeURI(awkward),
      new URLSearchParams({ x: awkward }).toString().slice(2),
      JSON.stringify(awkward).slice(1, -1),
      JSON.stringify(JSON.stringify(awkward)).slice(3, -3),
      JSON.stringify({ x: awkward }).replaceAll(/[<>&]/g, (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`),
      String.raw`p@ss w&quot;rd/1&#39;&amp;&lt;é&gt;\$x~(!)`,
      String.raw`p@ss w"rd/1'&amp;&lt;é&gt;\$x~(!)`,
      String.raw`p@ss w&quot;rd/1&apos;&amp;&lt;é&gt;\$x~(!)`,
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ]
    for (const form of written) {
      const masked = maskAll([awkward], [`<${form}>`])
      assert.ok(masked.includes(mask) && masked.length < 20, `${form} gave ${masked}`)
    }
  })

  it('are those that a shell writes', () => {
    const script = `set -x; : "$S"; printf '%q\\n' "$S"; printf '%s\\n' "\${S@Q}"; declare -p S; printf %s "$S" | base64; printf %s "$S" | od -An -tx1 | tr -d ' \\n'`
    for (const secret of [awkward, 'two words, one comma', `tab\tand\nline's end`, key]) {
      const said = execFileSync('bash', ['-c', `exec 2>&1; ${script}`], {
        env: { ...process.env, S: secret, LC_ALL: 'C.UTF-8' },
      })
      const words = secret.split(/\W+/).filter(({ length }) => length >= 6)
      const masked = maskAll([secret], [said])
      for (const word of words) assert.ok(!masked.includes(word), `${word} in ${masked}`)
      assert.ok(!masked.includes(Buffer.from(secret.trim()).toString('hex').slice(0, 16)), masked)
      assert.ok(!masked.includes(Buffer.from(secret).toString('base64').slice(0, 12)), masked)
    }
  })

  it('hide a secret inside of a longer text in base64, at every offset, and in lines of every usual width', () => {
    const secret = 'correct-horse-battery-staple'
    for (const before of ['', 'u', 'us', 'use', 'user:']) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const masked = maskAll([secret], [Buffer.from(`${before}${secret}:more`).toString(encoding)])
        assert.match(masked, /^[\w+/-]{0,8}\*\*\*[\w+/-]{4,7}=*$/)
      }
    }
    for (const width of [60, 64, 76]) {
      const encoded = width === 60 ? Buffer.from(key).toString('hex') : Buffer.from(key).toString('base64')
      const lines = encoded.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n')
      assert.match(maskAll([key.trim()], [lines]), /^\*\*\*[\w=\n]{0,4}$/)
    }
  })

  it('of a large value are bounded in length, and leave no seam', () => {
    const large = Array.from({ length: 20_000 }, (_, index) => String.fromCharCode(97 + ((index * index) % 26))).join(
      '',
    )
    assert.ok(formsOf(large).every(({ length }) => length >= 4 && length <= 4_096))
    assert.equal(
      maskAll([large], inChunks(Buffer.from(`<${large}>${Buffer.from(large).toString('hex')}.`), [777])),
      `<${mask}>${mask}.`,
    )
  })
})

describe('a masked stream', () => {
  const words = fc.constantFrom(
    'hunter2',
    'ter2-h',
    'aaaa',
    'aaaab',
    'abab',
    'baba',
    'key=\nvalue-of-key',
    'p&q"r\\s',
    'éé€',
  )
  const secrets = fc.array(
    fc.oneof(words, fc.string({ minLength: 4, maxLength: 20, unit: fc.constantFrom('a', 'b', 'c', '\n', '"') })),
    {
      minLength: 1,
      maxLength: 5,
    },
  )

  it('is the same however it is cut, and what a slow search would give', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.oneof(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'h', '\n', '"') }), words, fc.nat()), {
          maxLength: 12,
        }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        (values, pieces, sizes) => {
          const forms = values.flatMap(formsOf)
          const text = Buffer.concat(
            pieces.map((piece) =>
              typeof piece === 'string' ? Buffer.from(piece) : (forms[piece % forms.length] ?? Buffer.from('-')),
            ),
          )
          const expected = maskSlowly(values, text)
          assert.equal(maskAll(values, [text]), expected)
          assert.equal(maskAll(values, inChunks(text, sizes)), expected)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never holds back more than its longest form', () => {
    const masker = new Masker(new MaskSet([`${'a'.repeat(3_000)}b`]))
    let held = 0
    for (let round = 0; round < 200; round += 1) {
      held += 100 - masker.push(Buffer.from('a'.repeat(100))).length
      assert.ok(held <= 3_001, String(held))
    }
  })
})

describe('a masked text', () => {
  it('is whole', () => {
    assert.equal(maskText(new MaskSet(['swordfish']), 'password swordf'), 'password swordf')
    assert.equal(maskText(new MaskSet(['swordfish']), 'password swordfish'), `password ${mask}`)
  })
})
