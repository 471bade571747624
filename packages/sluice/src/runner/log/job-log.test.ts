import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { appendFile, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../core/limits.ts'
import type { LogFold, LogLine } from '../../ports/runner.ts'
import { headBytes, indexPathOf } from './frames.ts'
import { JobLog, type JobLogOptions } from './job-log.ts'
import { readMarks } from './marks.ts'
import { readLog, searchLog } from './read-log.ts'

const onLinux = { skip: process.platform !== 'linux' }
const everything = { after: 0, limit: Number.POSITIVE_INFINITY }
const begin = 1_767_225_600_000

let root = ''
let path = ''
let count = 0
let now = begin

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-log-'))
})
after(() => rm(root, { recursive: true, force: true }))
beforeEach(() => {
  path = join(root, `${(count += 1)}.log`)
  now = begin
})

const openLog = (over: Partial<JobLogOptions> = {}): Promise<JobLog> =>
  JobLog.open({ path, secrets: [], now: () => now, ...over })

const textsOf = (lines: readonly LogLine[]): readonly string[] => lines.map(({ text }) => text)

/** All lines, page by page. */
const readAll = async (): Promise<readonly LogLine[]> => {
  const all: LogLine[] = []
  for (
    let page = await readLog(path, everything);
    page.length > 0;
    page = await readLog(path, { ...everything, after: all.length })
  )
    all.push(...page)
  return all
}

const readTexts = async (): Promise<readonly string[]> => textsOf(await readAll())

/** A log of many lines that came at many moments, so that it has many frames and an index. */
const writeLong = async (lines: number): Promise<void> => {
  const log = await openLog()
  for (let line = 1; line <= lines; line += 1) {
    now += line % 3
    if (!log.write(line % 7 === 0 ? 'stderr' : 'stdout', Buffer.from(`line ${line} ${'x'.repeat((line * 7) % 800)}\n`)))
      await log.drained()
    if (line % 250 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await log.close()
}

describe('a job log', () => {
  it('keeps lines with their time and stream, in the order in which they became whole', async () => {
    const log = await openLog()
    log.note('$ npm test')
    log.write('stdout', Buffer.from('one\ntw'))
    now += 5
    log.write('stderr', Buffer.from('oops\n'))
    now += 5
    log.write('stdout', Buffer.from('o\r\nthree'))
    await log.close()
    assert.deepEqual(await readLog(path, everything), [
      { number: 1, at: begin, stream: 'sluice', text: '$ npm test' },
      { number: 2, at: begin, stream: 'stdout', text: 'one' },
      { number: 3, at: begin + 5, stream: 'stderr', text: 'oops' },
      { number: 4, at: begin + 10, stream: 'stdout', text: 'two' },
      { number: 5, at: begin + 10, stream: 'stdout', text: 'three' },
    ])
    assert.deepEqual(log.tail(), ['$ npm test', 'one', 'oops', 'two', 'three'])
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('has the same lines however the bytes are cut, whatever they are', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
      fc
        .constantFrom('\n', '\r\n', '10 %\r20 %\r', 'swordfish', 'é€😀', 'long '.repeat(30_000))
        .map((text) => Buffer.from(text)),
    )
    const lines = async (chunks: readonly Buffer[]): Promise<readonly string[]> => {
      path = join(root, `${(count += 1)}.log`)
      const log = await openLog({ secrets: ['swordfish'] })
      for (const chunk of chunks) log.write('stdout', chunk)
      await log.close()
      return readTexts()
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 4 }),
        async (parts, sizes) => {
          const whole = Buffer.concat(parts)
          const chunks: Buffer[] = []
          for (let at = 0, index = 0; at < whole.length; index += 1) {
            const size =
              whole.length > 4_000
                ? Math.max(2_000, sizes[index % sizes.length] ?? 1)
                : Math.min(50, sizes[index % sizes.length] ?? 1)
            chunks.push(whole.subarray(at, at + size))
            at += size
          }
          const expected = await lines([whole])
          assert.deepEqual(await lines(chunks), expected)
          assert.ok(!expected.join('\n').includes('swordfish'))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('cuts a line that is too long between characters, and keeps of one that overwrites itself what is left of it', async () => {
    const log = await openLog()
    const long = `a${'é'.repeat(limits.jobLogLineMax)}`
    log.write('stdout', Buffer.from(`${long}\n`))
    for (let percent = 0; percent <= 20_000; percent += 1) log.write('stderr', Buffer.from(`\rprogress ${percent}`))
    log.write('stderr', Buffer.from('\r\n10 %\r20 %\rdone\r\r\n\r\n'))
    await log.close()
    const texts = await readTexts()
    assert.equal(texts.slice(0, 3).join(''), long)
    assert.ok(texts.slice(0, 3).every((text) => Buffer.byteLength(text) <= limits.jobLogLineMax))
    assert.deepEqual(texts.slice(3), ['progress 20000', 'done', ''])
  })

  it('keeps bytes that are no UTF-8 from spoiling what is beside them', async () => {
    const log = await openLog()
    log.write('stdout', Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a, 0xe2, 0x82]))
    log.write('stdout', Buffer.from([0xac, 0x0a, 0x1e, 0x6f, 0x20, 0x30, 0x0a, 0x00, 0x0a]))
    await log.close()
    assert.deepEqual(await readTexts(), ['a\uFFFD\uFFFDb', '€', '\u001Eo 0', '\u0000'])
  })

  it('masks before anything is kept, in lines, notes, names, annotations and summaries, also what is added later', async () => {
    const log = await openLog({ secrets: ['swordfish', 'line one\nline two'] })
    log.beginStep(0, 'use swordfish')
    log.write('stdout', Buffer.from('password swor'))
    log.write('stderr', Buffer.from('dfish alone\n'))
    log.write('stdout', Buffer.from('dfish.\nline one\nline two\n'))
    log.addMask('later-secret')
    log.group('with later-secret')
    log.note('told later-secret')
    log.annotate({
      level: 'failure',
      title: 'swordfish',
      message: 'later-secret',
      file: 'swordfish.ts',
      line: 3,
      column: null,
    })
    log.summarize('# swordfish')
    log.endGroup()
    log.endStep('failed')
    await log.close()
    assert.deepEqual(await readTexts(), ['dfish alone', 'password ***.', '***', 'told ***'])
    const marks = await readMarks(path)
    assert.deepEqual(
      marks.folds.map(({ name, folds }) => [name, ...folds.map((fold) => fold.name)]),
      [['use ***', 'with ***']],
    )
    assert.deepEqual(marks.annotations, [
      { level: 'failure', title: '***', message: '***', file: '***.ts', line: 3, column: null, at: begin, after: 4 },
    ])
    assert.equal(marks.summary, '# ***')
    for (const file of [path, `${path}.marks`])
      assert.doesNotMatch(await readFile(file, 'utf8'), /swordfish|later-secret|line one/)
  })

  it('takes notes of any length, line by line', async () => {
    const log = await openLog()
    const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index}`)
    log.note(lines.join('\n'))
    log.note('y'.repeat(400_000))
    await log.close()
    const texts = await readTexts()
    assert.deepEqual(texts.slice(0, lines.length), lines)
    assert.equal(texts.slice(lines.length).join(''), 'y'.repeat(400_000))
  })

  it('takes whole lines of writers that were forked, whichever of them writes', async () => {
    const log = await openLog()
    const script = 'for w in 1 2 3 4; do (for i in $(seq 300); do echo "writer $w line $i"; done) & done; wait'
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] })
    log.take('stdout', child.stdout)
    log.take('stderr', child.stderr)
    await new Promise((resolve) => child.once('close', resolve))
    await log.close()
    const texts = await readTexts()
    assert.equal(texts.length, 1_200)
    for (const writer of [1, 2, 3, 4]) {
      assert.deepEqual(
        texts.filter((text) => text.startsWith(`writer ${writer} `)),
        Array.from({ length: 300 }, (_, index) => `writer ${writer} line ${index + 1}`),
      )
    }
  })
})

describe('a log that grows too large', () => {
  it('keeps its beginning and the end of each step, and says how much is missing', async () => {
    const log = await openLog({ bytesMax: 1_000 })
    const line = (number: number): Buffer => Buffer.from(`${'y'.repeat(92)} ${String(number).padStart(6, '0')}\n`)
    for (const step of [0, 1]) {
      log.beginStep(step, `step ${step}`)
      for (let number = 0; number < 5_000; number += 1) log.write('stdout', line(number))
      log.endStep('succeeded')
    }
    await log.close()
    const texts = await readTexts()
    const kept = Math.floor(limits.jobLogEndBytesMax / 100)
    const told = (dropped: number): string =>
      `${dropped} bytes dropped: a log keeps 1000 bytes, and the last ${limits.jobLogEndBytesMax} of each step after that`
    assert.deepEqual(
      texts
        .map((text) => text.replace(/^y+ 0*/, ''))
        .filter((text, index) => index < 12 || text.includes('bytes') || text === '4999'),
      [
        '',
        '1',
        '2',
        '3',
        '4',
        '5',
        '6',
        '7',
        '8',
        '9',
        told((5_000 - 10 - kept) * 100),
        String(5_000 - kept),
        '4999',
        told((5_000 - kept) * 100),
        '4999',
      ],
    )
    assert.deepEqual(
      (await readMarks(path)).folds.map(({ from, to }) => [from, to]),
      [
        [0, 11 + kept],
        [11 + kept, 12 + 2 * kept],
      ],
    )
  })

  it('loses what the disk does not take in time rather than memory, and says so', async () => {
    const log = await openLog()
    const chunk = Buffer.from(`${'z'.repeat(99)}\n`.repeat(650))
    let refused = 0
    for (let round = 0; round < 200; round += 1) if (!log.write('stdout', chunk)) refused += 1
    await log.close()
    const texts = await readTexts()
    const lost = Number(/^(\d+) bytes of log were lost/.exec(texts.at(-1) ?? '')?.[1])
    assert.ok(refused > 0)
    assert.equal((texts.length - 1) * 100 + lost, 200 * chunk.length)
  })

  it('waits for the disk when it takes from a stream, and then loses nothing', async () => {
    const log = await openLog()
    const child = spawn('bash', ['-c', 'head -c 30000000 /dev/zero | tr "\\0" "z" | fold -w 99'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    log.take('stdout', child.stdout)
    await new Promise((resolve) => child.once('close', resolve))
    await log.close()
    assert.equal((await stat(path)).size >= 30_300_000, true)
    assert.deepEqual(await readLog(path, { after: 303_029, limit: 10 }), [
      { number: 303_030, at: begin, stream: 'stdout', text: 'z'.repeat(99) },
      { number: 303_031, at: begin, stream: 'stdout', text: 'z'.repeat(30_000_000 % 99) },
    ])
  })

  it('keeps what was there when the disk is full, and goes on when there is room again', onLinux, async () => {
    const log = await openLog()
    const limitFiles = (bytes: number | 'unlimited'): void =>
      void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`])
    const lines = (name: string): Buffer => Buffer.from(`${name}\n`.repeat(10_000))
    log.write('stdout', lines('before'))
    while ((await stat(path)).size < 70_000) await new Promise((resolve) => setImmediate(resolve))
    limitFiles(100_000)
    try {
      log.write('stdout', lines('lost'))
      while (!log.tail().some((line) => line.startsWith('the log could not be written')))
        await new Promise((resolve) => setImmediate(resolve))
    } finally {
      limitFiles('unlimited')
    }
    log.write('stdout', lines('too soon'))
    // Longer than lines are gathered.
    await new Promise((resolve) => setTimeout(resolve, 50))
    now += 5_000
    log.write('stdout', lines('after'))
    await log.close()
    const texts = await readTexts()
    assert.deepEqual(
      [...new Set(texts)].map((text) => text.replace(/^\d+/, 'n')),
      ['before', 'after', 'n bytes of log were lost: the disk did not take them'],
    )
    assert.equal(texts.length, 20_001)
  })
})

describe('a log that was torn', () => {
  it('has every whole line that is there, wherever it was cut, and goes on after them', async () => {
    const log = await openLog()
    log.write('stdout', Buffer.from('first\nsecond\n'))
    now += 1
    log.write('stderr', Buffer.from('third\nfourth\n'))
    await log.close()
    const whole = await readFile(path)
    const last = whole.lastIndexOf('\u001E')
    // Every place in the last frame, and some before it.
    for (let size = 0; size <= whole.length; size += size < last ? 5 : 1) {
      await writeFile(path, whole)
      await truncate(path, size)
      const expected = ['first', 'second', 'third', 'fourth'].filter((text) => {
        const end = whole.indexOf(`${text}\n`) + text.length + 1
        return end <= size
      })
      assert.deepEqual(await readTexts(), expected, `cut at ${size}`)
      const again = await openLog()
      again.write('stdout', Buffer.from('again\n'))
      await again.close()
      assert.deepEqual(await readTexts(), [...expected, 'again'], `cut at ${size}`)
    }
  })

  it('ends where the disk has zeros or another content', async () => {
    await writeLong(10)
    await appendFile(path, Buffer.alloc(5_000))
    assert.equal((await readTexts()).length, 10)
    const again = await openLog()
    again.write('stdout', Buffer.from('again\n'))
    await again.close()
    assert.equal((await readTexts()).at(-1), 'again')
    await writeFile(path, 'something else\n')
    assert.deepEqual(await readTexts(), [])
  })
})

describe('pages of a log', () => {
  it('are the same as parts of the whole, from any line, with the index and without', async () => {
    await writeLong(5_000)
    const all = await readLog(path, everything)
    assert.equal(all.length, 5_000)
    assert.ok((await readFile(indexPathOf(path), 'utf8')).split('\n').length > 1)
    const damages = [
      async () => {},
      () => writeFile(indexPathOf(path), '000000000007 000000000123\n'),
      () => rm(indexPathOf(path)),
    ]
    for (const damage of damages) {
      await damage()
      for (const from of [0, 1, 1_234, 4_321, 4_999, 5_000, 9_000])
        assert.deepEqual(await readLog(path, { after: from, limit: 50 }), all.slice(from, from + 50))
    }
  })

  it('of the end do not read the beginning', async () => {
    await writeLong(5_000)
    const file = await open(path, 'r+')
    await file.write(Buffer.alloc(300_000), 0, 300_000, 0)
    await file.close()
    assert.deepEqual(textsOf(await readLog(path, { after: 4_998, limit: 5 })), [
      `line 4999 ${'x'.repeat((4_999 * 7) % 800)}`,
      `line 5000 ${'x'.repeat((5_000 * 7) % 800)}`,
    ])
  })

  it('are read while the log is written', async () => {
    const log = await openLog()
    const seen: string[] = []
    for (let round = 0; round < 20; round += 1) {
      log.write('stdout', Buffer.from(`round ${round}\nhalf of `))
      await new Promise((resolve) => setTimeout(resolve, 15))
      for (
        let page = textsOf(await readLog(path, { after: seen.length, limit: 1 }));
        page.length > 0;
        page = textsOf(await readLog(path, { after: seen.length, limit: 1 }))
      )
        seen.push(...page)
    }
    await log.close()
    assert.deepEqual((await readTexts()).slice(0, seen.length), seen)
    assert.ok(seen.length > 10)
  })

  it('are bounded in characters', async () => {
    const log = await openLog()
    const line = Buffer.from(`${'w'.repeat(limits.jobLogLineMax)}\n`)
    for (let number = 0; number < 100; number += 1) if (!log.write('stdout', line)) await log.drained()
    await log.close()
    const page = await readLog(path, everything)
    assert.ok(page.length > 60 && page.length < 70, String(page.length))
  })

  it('of a log that is not there are empty', async () => {
    assert.deepEqual(await readLog(path, everything), [])
    assert.deepEqual(await searchLog(path, 'x', everything), { lines: [], next: 0 })
    assert.deepEqual(await readMarks(path), { folds: [], annotations: [], summary: '' })
  })
})

describe('search', () => {
  it('finds each line that has the text, page by page', async () => {
    await writeLong(2_000)
    const all = (await readLog(path, everything)).filter(({ text }) => text.includes('99 x'))
    const found: LogLine[] = []
    let next = 0
    for (;;) {
      const page = await searchLog(path, '99 x', { after: next, limit: 7 })
      found.push(...page.lines)
      if (page.lines.length === 0) {
        assert.equal(page.next, 2_000)
        break
      }
      next = page.next
    }
    assert.ok(all.length > 15)
    assert.deepEqual(found, all)
  })

  it('looks at what a reader sees', async () => {
    const log = await openLog()
    log.write('stdout', Buffer.from('hidden needle\rshown\nneedle needle\nno\n'))
    await log.close()
    assert.deepEqual(textsOf((await searchLog(path, 'needle', everything)).lines), ['needle needle'])
  })
})

describe('folds', () => {
  const shape = ({ name, from, to, outcome, endedAt, folds }: LogFold): unknown => [
    name,
    from,
    to,
    outcome,
    endedAt === null ? null : endedAt - begin,
    ...folds.map(shape),
  ]

  it('nest, end with their step, and stay open while nothing ends them', async () => {
    const log = await openLog()
    log.endGroup()
    log.beginStep(0, 'build')
    log.group('install')
    log.note('a')
    log.group('download')
    log.note('b')
    now += 10
    log.endGroup()
    log.endGroup()
    log.group('compile')
    log.write('stdout', Buffer.from('half'))
    now += 10
    log.endStep('failed')
    log.beginStep(1, 'test')
    log.endGroup()
    log.group('unit')
    log.note('c')
    await log.close()
    const folds = (await readMarks(path)).folds.map(shape)
    const build = [
      'build',
      0,
      3,
      'failed',
      20,
      ['install', 0, 2, null, 10, ['download', 1, 2, null, 10]],
      ['compile', 2, 3, null, 20],
    ]
    assert.deepEqual(folds, [build, ['test', 3, null, null, null, ['unit', 3, null, null, null]]])
    // The next writer ends what the first left open; a mark that was cut is left out.
    await appendFile(`${path}.marks`, '\n{"kind":"gro')
    const again = await openLog()
    again.beginStep(0, 'build again')
    await again.close()
    assert.deepEqual((await readMarks(path)).folds.map(shape), [
      build,
      ['test', 3, 4, null, 20, ['unit', 3, 4, null, 20]],
      ['build again', 4, null, null, null],
    ])
  })

  it('and summaries are bounded, and the log says what was left out', async () => {
    const log = await openLog()
    for (let group = 0; group < limits.jobMarksMax + 100; group += 1) log.group(`group ${group}`)
    log.summarize('x'.repeat(limits.jobSummaryBytesMax - 1))
    log.summarize('too much')
    log.endStep('succeeded')
    await log.close()
    assert.equal(
      (await readFile(`${path}.marks`, 'utf8')).split('\n').filter((line) => line.includes('"group"')).length,
      limits.jobMarksMax - 1,
    )
    assert.equal((await readMarks(path)).summary.length, limits.jobSummaryBytesMax - 1)
    assert.deepEqual(await readTexts(), [
      `more than ${limits.jobMarksMax} groups and annotations; the rest is left out`,
      `8 bytes of summary were left out: a job may write ${limits.jobSummaryBytesMax}`,
    ])
  })
})

it('a head has the length that readers count on', async () => {
  const log = await openLog()
  log.write('stdout', Buffer.from('x\n'))
  await log.close()
  assert.equal((await stat(path)).size, headBytes + 2)
})
