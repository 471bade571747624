/** `actions/setup-node`: a Node of this machine that fits, or one fetched with npm. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { prependPath } from '../run/job-state.ts'
import { processEnv } from '../run/process.ts'
import { isYes, linesOf, moot, type BuiltIn, type BuiltInCall } from './action.ts'
import { keepPackageCache } from './package-cache.ts'
import { nodeMatchers } from './node-matchers.ts'
import { bestVersion, versionIn, wantedVersion } from './node-versions.ts'
import { runProgram } from './program.ts'

/** The action. */
export const setupNode: BuiltIn = {
  inputs: {
    'node-version': '',
    'node-version-file': '',
    architecture: '',
    'registry-url': '',
    scope: '',
    cache: '',
    'cache-dependency-path': '',
    'always-auth': 'false',
    ...moot('check-latest', 'token', 'mirror', 'mirror-token', 'package-package-cache'),
  },
  run: async (call) => {
    const { state, unit, inputs } = call
    const wanted = wantedVersion(wantedIn(call))
    const node = wanted === '' ? await onPath(call) : ((await installed(call, wanted)) ?? (await fetched(call, wanted)))
    if (node === null) throw new Error('there is no Node on this machine; name one with node-version')
    if (wanted !== '') prependPath(state, node.folder)
    state.shell.note(`Node ${node.version} (${node.folder})`)
    unit.outputs['node-version'] = `v${node.version}`
    for (const content of nodeMatchers) state.matchers.add(content)
    if ((inputs['registry-url'] ?? '') !== '') writeNpmrc(call)
    const cache = inputs['cache'] ?? ''
    if (cache !== '') await keepPackageCache(call, { name: cache, given: linesOf(inputs['cache-dependency-path']) })
  },
}

type Node = { readonly version: string; readonly folder: string }

const wantedIn = ({ state, inputs }: BuiltInCall): string => {
  const version = inputs['node-version'] ?? ''
  const file = inputs['node-version-file'] ?? ''
  if (version !== '' || file === '') return version
  const path = resolve(state.shell.directory, file)
  if (!existsSync(path)) throw new Error(`The specified node version file at: ${path} does not exist`)
  return versionIn(file, readFileSync(path, 'utf8'))
}

const onPath = async (call: BuiltInCall): Promise<Node | null> => {
  const path = processEnv(call.state, call.frame, call.unit)['PATH'] ?? ''
  const folder = path.split(':').find((one) => one !== '' && existsSync(join(one, 'node')))
  return folder === undefined ? null : nodeIn(call, folder)
}

/** What a folder's `node` says of itself; null where it cannot be asked. */
const nodeIn = async (call: BuiltInCall, folder: string): Promise<Node | null> => {
  try {
    const [line = ''] = await runProgram(call, [join(folder, 'node'), '--version'], {
      directory: call.state.shell.directory,
      quiet: true,
    })
    return /^v\d/.test(line) ? { version: line.slice(1), folder } : null
  } catch {
    return null
  }
}

/** The newest fitting one of the tool cache, of version managers, of the path, or Sluice's own. */
const installed = async (call: BuiltInCall, wanted: string): Promise<Node | null> => {
  const { state } = call
  const named = [
    ...versionsIn(join(state.folders.tools, 'node'), (name) => [name, process.arch, 'bin']),
    ...versionsIn(join(state.folders.tools, 'node'), (name) => [
      name,
      process.arch,
      'node_modules',
      packageName(),
      'bin',
    ]),
    ...versionsIn(join(homedir(), '.nvm/versions/node'), (name) => [name, 'bin']),
    ...versionsIn(join(homedir(), '.volta/tools/image/node'), (name) => [name, 'bin']),
    { version: process.versions.node, folder: dirname(process.execPath) },
  ]
  const path = await onPath(call)
  return bestVersion(path === null ? named : [...named, path], wanted)
}

const versionsIn = (folder: string, inside: (name: string) => readonly string[]): readonly Node[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .map((name) => ({ version: name.replace(/^v/, ''), folder: join(folder, ...inside(name)) }))
    .filter((node) => existsSync(join(node.folder, 'node')))

/** The package that has the binary for this machine. */
const packageName = (): string => `node-${process.platform}-${process.arch}`

/** Fetches the platform's package of `node` with npm, without any of its scripts. */
const fetched = async (call: BuiltInCall, wanted: string): Promise<Node> => {
  const { state } = call
  const range = wanted.startsWith('lts/') || wanted === 'latest' ? '*' : wanted
  const argv = ['npm', 'view', `${packageName()}@${range}`, 'version', '--json']
  const answer = await runProgram(call, argv, { directory: state.folders.temporary, quiet: true })
  const found = [...answer.join('\n').matchAll(/"(\d+\.\d+\.\d+)"/g)].map(([, version = '']) => version)
  const best = bestVersion(
    found.map((version) => ({ version, folder: '' })),
    wanted,
  )
  const version = best?.version
  if (version === undefined)
    throw new Error(
      `Unable to find Node version '${wanted}' for platform ${process.platform} and architecture ${process.arch}.`,
    )
  const target = join(state.folders.tools, 'node', version, process.arch)
  mkdirSync(target, { recursive: true })
  await runProgram(
    call,
    [
      'npm',
      'install',
      '--prefix',
      target,
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      `${packageName()}@${version}`,
    ],
    { directory: target, quiet: true },
  )
  return { version, folder: join(target, 'node_modules', packageName(), 'bin') }
}

const writeNpmrc = ({ state, inputs }: BuiltInCall): void => {
  const url = new URL(inputs['registry-url'] ?? '')
  const scope = (inputs['scope'] ?? '').replace(/^@?/, '@')
  const file = join(state.folders.temporary, '.npmrc')
  const address = url.href.replace(/\/?$/, '/')
  const lines = [
    `//${address.replace(/^https?:\/\//, '')}:_authToken=\${NODE_AUTH_TOKEN}`,
    scope === '@' ? `registry=${address}` : `${scope.toLowerCase()}:registry=${address}`,
    ...(isYes(inputs['always-auth']) ? ['always-auth=true'] : []),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  state.env['NPM_CONFIG_USERCONFIG'] = file
  state.env['NODE_AUTH_TOKEN'] ??= 'XXXXX-XXXXX-XXXXX-XXXXX'
}
