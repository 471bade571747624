/** What a project is, seen from its files, and the config that fits it. Pure: files come by argument. */
import { basename } from 'node:path'

/** How files are looked at. */
export type Files = {
  readonly directory: string
  readonly exists: (name: string) => boolean
  readonly read: (name: string) => string | null
}

/** What was found. */
export type Found = {
  readonly service: string
  readonly install: string | null
  readonly test: string | null
  readonly lint: string | null
  readonly build: string | null
  readonly start: string | null
  /** Paths that the artifact holds. */
  readonly paths: readonly string[]
  readonly healthPath: string | null
  readonly hasVersion: boolean
  /** What it was seen by, one sentence each. */
  readonly evidence: readonly string[]
  /** What a person must still say. */
  readonly missing: readonly string[]
}

type Manifest = {
  readonly name?: unknown
  readonly version?: unknown
  readonly main?: unknown
  readonly scripts?: Readonly<Record<string, unknown>>
  readonly dependencies?: unknown
  readonly devDependencies?: unknown
}

/** Looks at a project. */
export const detect = (files: Files): Found => {
  const text = files.read('package.json')
  const manifest = text === null ? null : parseManifest(text)
  const service = serviceName(typeof manifest?.name === 'string' ? manifest.name : basename(files.directory))
  if (manifest === null) return bare(service, text !== null)
  const script = (name: string): string | null => {
    const value = manifest.scripts?.[name]
    return typeof value === 'string' && !value.includes('no test specified') ? value : null
  }
  const manager = managerOf(files)
  const [test, lint, build] = ['test', 'lint', 'build'].map((name) =>
    script(name) === null ? null : `${manager.run} ${name}`,
  )
  const start = startOf(script('start'), manifest, files)
  const output = build === null ? null : outputOf(start)
  const installs = manager.install !== null && namesOf(manifest.dependencies).length > 0
  const health = healthOf(files)
  return {
    service,
    install: manager.install,
    test: test ?? null,
    lint: lint ?? null,
    build: build ?? null,
    start,
    paths: pathsOf(files, { output, installs }),
    healthPath: health,
    hasVersion: typeof manifest.version === 'string',
    evidence: [
      `package.json: service ${service}, ${manager.name}`,
      ...['test', 'lint', 'build', 'start'].flatMap((name) =>
        script(name) === null ? [] : [`script ${name}: ${script(name) ?? ''}`],
      ),
      ...(health === null ? [] : [`health path ${health}`]),
    ],
    missing: [
      ...(start === null ? ['how the service is started was not found: mend start.command'] : []),
      ...(health === null ? ['no health path was found: /healthz is assumed, and must answer 200'] : []),
      ...(test === null ? ['no test was found: nothing keeps a broken commit from being released'] : []),
    ],
  }
}

/** Parser of a package.json; null when it is none. */
const parseManifest = (text: string): Manifest | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Manifest) : null
  } catch {
    return null
  }
}

const bare = (service: string, isBroken: boolean): Found => ({
  service,
  install: null,
  test: null,
  lint: null,
  build: null,
  start: null,
  paths: ['.'],
  healthPath: null,
  hasVersion: false,
  evidence: [],
  missing: [
    isBroken ? 'package.json is not JSON: everything below is a guess' : 'no package.json: everything below is a guess',
    'mend the steps of the job, start.command and the health path',
  ],
})

const serviceName = (text: string): string => {
  const name = text
    .replace(/^@[^/]+\//, '')
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
  return name === '' ? 'service' : name
}

const managerOf = (files: Files): { readonly name: string; readonly install: string | null; readonly run: string } => {
  if (files.exists('pnpm-lock.yaml'))
    return { name: 'pnpm', install: 'pnpm install --frozen-lockfile', run: 'pnpm run' }
  if (files.exists('yarn.lock')) return { name: 'yarn', install: 'yarn install --immutable', run: 'yarn run' }
  if (files.exists('bun.lock') || files.exists('bun.lockb'))
    return { name: 'bun', install: 'bun install --frozen-lockfile', run: 'bun run' }
  return { name: 'npm', install: files.exists('package-lock.json') ? 'npm ci' : null, run: 'npm run' }
}

const namesOf = (dependencies: unknown): readonly string[] =>
  typeof dependencies === 'object' && dependencies !== null ? Object.keys(dependencies) : []

/**
 * The start script's own command, because a process that is stopped must be the service itself and not a package manager before it. A tool of the project (`next start`) is found
 * by its path: the one that package managers look in is theirs alone.
 */
const startOf = (script: string | null, manifest: Manifest, files: Files): string | null => {
  const { main, dependencies, devDependencies } = manifest
  if (script !== null) {
    const [program = ''] = script.split(' ')
    const path = `node_modules/.bin/${program}`
    const isTool = files.exists(path) || [...namesOf(dependencies), ...namesOf(devDependencies)].includes(program)
    return isTool && /^[a-z][\w.-]*$/i.test(program) && program !== 'node'
      ? script.replace(program, () => path)
      : script
  }
  const entry = [
    typeof main === 'string' ? main : '',
    'server.js',
    'index.js',
    'src/server.js',
    'src/index.js',
    'app.js',
  ].find((name) => name !== '' && files.exists(name))
  return entry === undefined ? null : `node ${entry}`
}

const outputs = ['dist', 'build', 'out', '.next', '.output']

/** The folder that the service is started from, where the build makes one; null where it is started from the project itself. */
const outputOf = (start: string | null): string | null =>
  outputs.find((name) => (start ?? '').split(' ').some((word) => word.replace(/^\.\//, '').startsWith(`${name}/`))) ??
  null

/** Everything, where what is started is not what was built alone: it may read any file of the project. */
const pathsOf = (
  files: Files,
  { output, installs }: { readonly output: string | null; readonly installs: boolean },
): readonly string[] => {
  if (output === null) return ['.']
  // What is installed only once the job runs is not there yet.
  const isThere = (name: string): boolean => files.exists(name) || (name === 'node_modules' && installs)
  return [output, ...['package.json', 'node_modules', 'public'].filter(isThere)]
}

const healthOf = (files: Files): string | null => {
  const sources = [
    'src/server.js',
    'src/server.ts',
    'src/main.js',
    'src/main.ts',
    'src/index.js',
    'src/index.ts',
    'src/app.js',
    'src/app.ts',
    'src/routes.js',
    'src/routes.ts',
    'server.js',
    'server.ts',
    'index.js',
    'app.js',
  ]
  const paths = [
    '/health/ready',
    '/health/readiness',
    '/readyz',
    '/ready',
    '/healthz',
    '/health',
    '/api/health',
    '/_health',
  ]
  const texts = sources.map((name) => files.read(name) ?? '')
  return (
    paths.find((path) =>
      texts.some((text) => [`'${path}'`, `"${path}"`, `\`${path}\``].some((quoted) => text.includes(quoted))),
    ) ?? null
  )
}

/** The config as text. */
export const configText = (found: Found): string => {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const list = (texts: readonly string[]): string => `[${texts.map(quote).join(', ')}]`
  const before = found.install === null ? [] : [found.install]
  const checks = [
    ...(found.lint === null ? [] : [{ name: 'lint', steps: [...before, found.lint] }]),
    ...(found.test === null ? [] : [{ name: 'test', steps: [...before, found.test] }]),
  ]
  const buildSteps = [...before, ...(found.build === null ? [] : [found.build])]
  const needs = checks.length === 0 ? '' : ` needs: ${list(checks.map(({ name }) => name))},`
  return `import { defineConfig } from 'sluice'

export default defineConfig({
  service: ${quote(found.service)},
${found.hasVersion ? '' : "  version: '0.1.0',\n"}  pipeline: {
    jobs: {
${checks.map(({ name, steps }) => `      ${name}: { steps: ${list(steps)} },\n`).join('')}      build: {${needs} steps: ${list(buildSteps.length === 0 ? ['true'] : buildSteps)}, artifacts: { app: ${list(found.paths)} } },
    },
  },
  // Runs inside the artifact; listens on HOST and PORT of its environment.
  start: { command: ${quote(found.start ?? 'node server.js')}, artifact: 'app' },
  health: { path: ${quote(found.healthPath ?? '/healthz')} },
  environments: {
    staging: { listen: 8081 },
    // A twentieth of the traffic first, then half; the judge stops it on evidence.
    production: { listen: 8080, instances: 2, strategy: { kind: 'canary', steps: ['5%', '50%'] } },
  },
})
`
}
