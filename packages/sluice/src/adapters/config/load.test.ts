import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { commitId } from '../../core/model.ts'
import { configLoader } from './loader.ts'
import { loadConfig } from './load.ts'

const directoryWith = (context: TestContext, files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-config-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

const refusal = async (directory: string): Promise<SluiceError> => {
  try {
    await loadConfig(directory, AbortSignal.timeout(20_000))
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
  throw new Error('the config was taken')
}

/** A zombie does not run. */
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

const jobs = "pipeline: { jobs: { test: { steps: 'true' } } }"

test('TypeScript that imports and exports is a module whatever package.json says, and CommonJS stays what it is', async (context) => {
  const files = { 'package.json': '{"type":"commonjs"}', 'names.ts': `export const service: string = 'shop'` }
  const module = directoryWith(context, {
    ...files,
    'sluice.config.ts': `import { defineConfig } from 'sluice'
import { service } from './names.ts'
export default defineConfig({ service, ${jobs} })`,
  })
  const common = directoryWith(context, {
    ...files,
    'sluice.config.ts': `const service: string = 'shop'
module.exports = { service, ${jobs} }`,
  })
  for (const directory of [module, common])
    strictEqual((await loadConfig(directory, AbortSignal.timeout(20_000))).settings.service, 'shop')
})

test('a TypeScript config loads without node_modules, whatever it prints or leaves running', async (context) => {
  const directory = directoryWith(context, {
    'sluice.config.ts': `import { defineConfig, type Config } from 'sluice'
      console.log('noise'); setInterval(() => {}, 1000)
      const service: string = 'shop'
      export default defineConfig({ service, ${jobs} } satisfies Config)`,
  })
  const { settings, file } = await loadConfig(directory, AbortSignal.timeout(20_000))
  deepStrictEqual([settings.service, file], ['shop', 'sluice.config.ts'])
})

/** Of a process that holds the pipes of the config, in its process group or out of it. */
const holding = (isDetached: boolean, pidFile: string): string => `
  import { spawn } from 'node:child_process'
  import { writeFileSync } from 'node:fs'
  const child = spawn('sleep', ['30'], { stdio: 'inherit', detached: ${isDetached} })
  child.unref()
  writeFileSync(${JSON.stringify(pidFile)}, String(child.pid))
  export default { service: 'shop', ${jobs} }
`

test('a config that leaves a process with its pipes open has its value, and what stayed with it ends', async (context) => {
  for (const isDetached of [true, false]) {
    const directory = directoryWith(context, {})
    const pidFile = join(directory, 'pid')
    writeFileSync(join(directory, 'sluice.config.mjs'), holding(isDetached, pidFile))
    const startedAt = performance.now()
    strictEqual((await loadConfig(directory, AbortSignal.timeout(20_000))).settings.service, 'shop')
    ok(performance.now() - startedAt < 9_000)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (isDetached) process.kill(pid, 'SIGKILL')
    else ok(!isRunning(pid))
  }
})

test('a config that takes too long ends with its caller, whatever holds its pipes', async (context) => {
  const directory = directoryWith(context, {})
  const pidFile = join(directory, 'pid')
  writeFileSync(
    join(directory, 'sluice.config.mjs'),
    `${holding(true, pidFile)}
     await new Promise((resolve) => setTimeout(resolve, 60_000))`,
  )
  const called = new AbortController()
  const loading = loadConfig(directory, called.signal)
  const end = rejects(loading, { name: 'AbortError' })
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await setTimeout(5)
  called.abort()
  await end
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  await rejects(loadConfig(directory, called.signal), { name: 'AbortError' })
})

test('JavaScript and JSON configs load as well', async (context) => {
  const js = directoryWith(context, { 'sluice.config.js': `export default { service: 'shop', ${jobs} }` })
  const json = directoryWith(context, {
    'sluice.config.json': '{ "service": "shop", "pipeline": { "jobs": { "test": { "steps": "true" } } } }',
  })
  for (const directory of [js, json])
    strictEqual((await loadConfig(directory, AbortSignal.timeout(20_000))).settings.service, 'shop')
})

test('a config sees nothing of the environment of whoever loads it', async (context) => {
  process.env['SLUICE_TEST_SECRET'] = 'hunter2'
  context.after(() => delete process.env['SLUICE_TEST_SECRET'])
  const directory = directoryWith(context, {
    'sluice.config.mjs': `export default { service: 'shop', ${jobs}, config: { SEEN: String(process.env.SLUICE_TEST_SECRET) } }`,
  })
  strictEqual((await loadConfig(directory, AbortSignal.timeout(20_000))).settings.config['SEEN'], 'undefined')
})

test('a directory without a config is told so, with the way to one', async (context) => {
  const error = await refusal(directoryWith(context, {}))
  deepStrictEqual([error.code, error.hint], ['config_missing', 'Write one that fits this project: sluice init'])
})

const broken: readonly (readonly [string, string, RegExp])[] = [
  [
    'a syntax error is told with its line',
    'const a = 1\nexport default { service: ` }',
    /SyntaxError.*\(sluice\.config\.ts:2\)/,
  ],
  [
    'a thrown error is told with its line',
    "const a = 1\nthrow new Error('no luck')\nexport default {}",
    /Error: no luck \(sluice\.config\.ts:2:7\)/,
  ],
  ['an import that there is not is told', "import 'nowhere'\nexport default {}", /Cannot find package 'nowhere'/],
  ['a missing default export is told', 'export const a = 1', /has no default export/],
  [
    'a function is no data',
    'export default {\n  service: () => 1 }',
    /service is a function, and a config is data \(sluice\.config\.ts:2:3\)/,
  ],
  [
    'an object in itself is no data',
    'const a: any = {}\na.a = a\nexport default a',
    /a is an object that contains itself/,
  ],
  ['a config that ends its process is told', "console.error('bye')\nprocess.exit(3)", /exit code 3[^]*bye/],
]

for (const [what, text, expected] of broken) {
  test(what, async (context) => {
    const error = await refusal(directoryWith(context, { 'sluice.config.ts': text }))
    strictEqual(error.code, 'config_invalid')
    ok(expected.test([error.detail, ...error.evidence].join('\n')), error.detail)
  })
}

test('a mistyped key of a real file is told with its line', async (context) => {
  const directory = directoryWith(context, {
    'sluice.config.ts': `import { defineConfig } from 'sluice'\nexport default defineConfig({\n  servise: 'shop',\n  ${jobs},\n})`,
  })
  strictEqual((await refusal(directory)).detail, 'servise: this key is not known here (sluice.config.ts:3:3).')
})

test('whoever asks can call the loading off', async (context) => {
  const directory = directoryWith(context, {
    'sluice.config.ts': 'await new Promise((resolve) => setTimeout(resolve, 60_000))',
  })
  const calledOff = new AbortController()
  const loading = loadConfig(directory, calledOff.signal)
  calledOff.abort()
  strictEqual(await loading.catch((error: unknown) => (error instanceof Error ? error.name : error)), 'AbortError')
})

test('the version comes from the package.json of the commit, and a commit whose config is known needs no checkout', async (context) => {
  const kept = directoryWith(context, {})
  const loader = configLoader(kept)
  const signal = AbortSignal.timeout(20_000)
  const config = `export default { service: 'shop', ${jobs} }`
  const versionOf = async (digit: string, files: Readonly<Record<string, string>> | null): Promise<string> => {
    const checkout = <Result>(work: (directory: string) => Promise<Result>): Promise<Result> => {
      if (files === null) throw new Error('a checkout was asked for')
      return work(directoryWith(context, files))
    }
    return (await loader.ofCommit(commitId(digit.repeat(40)), checkout, signal)).version
  }
  const versioned = { 'package.json': '{ "version": "1.2.3" }', 'sluice.config.js': config }
  strictEqual(await versionOf('a', versioned), '1.2.3')
  strictEqual(await versionOf('a', null), '1.2.3')
  strictEqual(await versionOf('b', { 'sluice.config.mjs': config }), '0.0.0')
  for (const file of readdirSync(kept)) writeFileSync(join(kept, file), '{ cut short')
  strictEqual(await versionOf('a', versioned), '1.2.3')
})

test('the config of a directory is evaluated again once something that it was made of has changed, and only then', async (context) => {
  const kept = directoryWith(context, {})
  // A minute later, files that were only just written are old enough to be believed.
  const open = (): ((directory: string) => Promise<string>) => {
    const loader = configLoader(kept, () => Date.now() + 60_000)
    return async (directory) => (await loader.load(directory, AbortSignal.timeout(20_000))).service
  }
  const config = `import { name } from './name.ts'
    export default { service: name + String(Math.random()).slice(2, 12), ${jobs} }`
  const directory = directoryWith(context, { 'sluice.config.mts': config, 'name.ts': "export const name = 'shop'" })
  const ask = open()
  const first = await ask(directory)
  strictEqual(await ask(directory), first)
  strictEqual(await open()(directory), first)
  writeFileSync(join(directory, 'name.ts'), "export const name = 'till'")
  const second = await ask(directory)
  ok(/^till\d+$/.test(second), second)
  writeFileSync(join(directory, 'sluice.config.ts'), `export default { service: 'before', ${jobs} }`)
  strictEqual(await ask(directory), 'before')
  rmSync(join(directory, 'sluice.config.ts'))
  ok(/^till\d+$/.test(await ask(directory)))
  const looking = directoryWith(context, {
    'sluice.config.ts': `import { existsSync } from 'node:fs'
      export default { service: 's' + Number(existsSync('/')) + String(Math.random()).slice(2, 12), ${jobs} }`,
  })
  const told = await ask(looking)
  ok((await ask(looking)) !== told, 'it may have read anything')
})

test('the config of a directory is evaluated again where a link leads elsewhere, and where it looks at what is no file', async (context) => {
  const loader = configLoader(directoryWith(context, {}), () => Date.now() + 60_000)
  const ask = async (directory: string): Promise<string> =>
    (await loader.load(directory, AbortSignal.timeout(20_000))).service
  const place = directoryWith(context, {})
  const leadTo = (link: string, target: string): void => {
    rmSync(link, { force: true })
    symlinkSync(target, link)
  }
  const [one, two] = ['one', 'two'].map((service) =>
    directoryWith(context, {
      'sluice.config.ts': `export default { service: '${service}', ${jobs} }`,
      'package.json': '{"type":"module","main":"index.js"}',
      'index.js': `export const name = '${service}'`,
    }),
  )
  // A release that is put in the place of another; the other is kept.
  const current = join(place, 'current')
  leadTo(current, one ?? '')
  deepStrictEqual([await ask(current), await ask(current)], ['one', 'one'])
  leadTo(current, two ?? '')
  strictEqual(await ask(current), 'two')
  // A package of another version beside the old one.
  const project = directoryWith(context, {
    'sluice.config.mts': `import { name } from 'names'
      export default { service: name, ${jobs} }`,
  })
  mkdirSync(join(project, 'node_modules'))
  const names = join(project, 'node_modules', 'names')
  leadTo(names, one ?? '')
  deepStrictEqual([await ask(project), await ask(project)], ['one', 'one'])
  leadTo(names, two ?? '')
  strictEqual(await ask(project), 'two')
  // What is asked by no import.
  const asked = [
    'Date.now() % 7',
    "process.getBuiltinModule('node:fs').readdirSync('/').length",
    "typeof (await fetch('data:,x'))",
    'globalThis.performance.now()',
  ]
  for (const what of asked) {
    const other = directoryWith(context, {
      'sluice.config.ts': `const asked = ${what}
        export default { service: 's' + String(Math.random()).slice(2, 12), ${jobs} }`,
    })
    ok((await ask(other)) !== (await ask(other)), what)
  }
})

test('a config that was only just written is not believed to be unchanged', async (context) => {
  const loader = configLoader(directoryWith(context, {}))
  const directory = directoryWith(context, {
    'sluice.config.ts': `export default { service: 's' + process.pid, ${jobs} }`,
  })
  const ask = async (): Promise<string> => (await loader.load(directory, AbortSignal.timeout(20_000))).service
  ok((await ask()) !== (await ask()))
})
