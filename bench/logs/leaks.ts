/** Writes secrets in many forms, cut in many ways, and looks for them in what was stored. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { formsOf } from '../../packages/sluice/src/lib/mask-forms.ts'
import { JobLog } from '../../packages/sluice/src/runner/log/job-log.ts'
import { marksPathOf } from '../../packages/sluice/src/runner/log/marks.ts'
import { Prng } from '../../packages/sluice/test/sim/prng.ts'
import { encodings } from './encodings.ts'
import { type Secret, secretOf, textOf } from './secrets.ts'

/** What was tried, and what was found that should not be there. */
export type Leaks = { readonly cases: number; readonly found: readonly string[] }

/** Secrets and cases of one log. */
const secretsEach = 20
const casesEach = 200

/** Tries `cases` random values × encodings × ways to cut, in logs under `directory`. */
export const findLeaks = async (directory: string, cases: number): Promise<Leaks> => {
  const found: string[] = []
  let tried = 0
  for (let seed = 1; tried < cases; seed += 1) {
    found.push(...(await tryLog(join(directory, `leaks-${seed}.log`), seed)))
    tried += casesEach
  }
  return { cases: tried, found }
}

/** One log: half of its secrets are known from the start, half are told later; lines, notes, names, annotations and summaries hold them. */
const tryLog = async (path: string, seed: number): Promise<readonly string[]> => {
  const prng = new Prng(seed)
  const secrets = Array.from({ length: secretsEach }, () => secretOf(prng))
  const early = secrets.slice(0, secretsEach / 2)
  const log = await JobLog.open({ path, secrets: early.map(({ value }) => value), now: () => seed })
  const hidden: { readonly needle: string; readonly what: string }[] = []
  for (let number = 0; number < casesEach; number += 1) {
    if (number === casesEach / 2) for (const { value } of secrets.slice(secretsEach / 2)) log.addMask(value)
    const secret = pick(prng, number < casesEach / 2 ? early : secrets)
    const encoding = pick(prng, encodings)
    const value =
      encoding.name.includes(' in lines') || encoding.name.includes('PEM')
        ? (secret.parts[0] ?? '')
        : pick(prng, secret.parts)
    const written = encoding.write(value, prng)
    for (const needle of written.secret)
      hidden.push({ needle, what: `seed ${seed}, case ${number}: ${encoding.name} of ${JSON.stringify(value)}` })
    const text = `${textOf(prng, 'abc XYZ019 =:', prng.below(30))} ${written.text} ${textOf(prng, 'abc XYZ019 =:', prng.below(30))}\n`
    say(log, prng, text)
  }
  await log.close()
  const stored = Buffer.concat([await readFile(path), await readFile(marksPathOf(path)).catch(() => Buffer.alloc(0))])
  await Promise.all([path, marksPathOf(path)].map((file) => rm(file, { force: true })))
  return [
    ...hidden.filter(({ needle }) => stored.includes(needle)).map(({ what }) => what),
    ...formsLeft(secrets, stored, seed),
  ]
}

/** Every form that the masker itself knows, of every secret. */
const formsLeft = (secrets: readonly Secret[], stored: Buffer, seed: number): readonly string[] =>
  secrets.flatMap(({ value }) =>
    formsOf(value)
      .filter((form) => stored.includes(form))
      .map((form) => `seed ${seed}: ${form.toString()} of ${JSON.stringify(value)}`),
  )

const pick = <One>(prng: Prng, list: readonly One[]): One => {
  const one = list[prng.below(list.length)]
  if (one === undefined) throw new Error('an empty list')
  return one
}

const say = (log: JobLog, prng: Prng, text: string): void => {
  switch (prng.below(16)) {
    case 0:
      log.note(text)
      break
    case 1:
      // Not cut here: what is left of a value that was cut is no longer that value.
      log.group(text)
      log.summarize(text)
      log.endGroup()
      break
    case 2:
      log.annotate({ level: 'warning', title: null, message: text, file: null, line: null, column: null })
      break
    default: {
      const bytes = Buffer.from(text)
      const stream = prng.byte(128) ? 'stdout' : 'stderr'
      // One way in four is byte by byte.
      const longest = prng.byte(64) ? 1 : 1 + prng.below(80)
      for (let at = 0; at < bytes.length;) {
        const size = 1 + prng.below(longest)
        log.write(stream, bytes.subarray(at, at + size))
        at += size
      }
    }
  }
}
