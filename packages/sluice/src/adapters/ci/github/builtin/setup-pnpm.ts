/** `pnpm/action-setup`: pnpm fetched with npm, kept among the tools. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { prependPath } from '../run/job-state.ts'
import { isYes, linesOf, moot, type BuiltIn, type BuiltInCall } from './action.ts'
import { keepPackageCache } from './package-cache.ts'
import { runProgram } from './program.ts'

/** The action. */
export const setupPnpm: BuiltIn = {
  inputs: {
    version: '',
    run_install: '',
    package_json_file: 'package.json',
    cache: 'false',
    cache_dependency_path: 'pnpm-lock.yaml',
    ...moot('dest', 'standalone'),
  },
  run: async (call) => {
    const { state, unit, inputs } = call
    const { folder, version } = await installed(call, wantedIn(call))
    const binaries = join(folder, 'node_modules', '.bin')
    prependPath(state, binaries)
    state.env['PNPM_HOME'] = binaries
    state.shell.note(`pnpm ${version} (${binaries})`)
    unit.outputs['dest'] = folder
    unit.outputs['bin_dest'] = binaries
    for (const { argv, directory } of installsOf(inputs['run_install'] ?? ''))
      await runProgram(call, argv, { directory: resolve(state.shell.directory, directory) })
    if (isYes(inputs['cache']))
      await keepPackageCache(call, { name: 'pnpm', given: linesOf(inputs['cache_dependency_path']) })
  },
}

/** The version that is given, or that the manifest names. Two that differ are an error, as from version 4 of the action on. */
const wantedIn = ({ state, inputs, step }: BuiltInCall): string => {
  const given = inputs['version'] ?? ''
  const path = resolve(state.shell.directory, inputs['package_json_file'] ?? '')
  const named = existsSync(path) ? versionNamed(readFileSync(path, 'utf8')) : null
  const isOld = /@v?[1-3](?:\.|$)/.test(JSON.stringify(step['uses'] ?? '').replaceAll('"', ''))
  if (given !== '' && named !== null && named !== given && !isOld)
    throw new Error(
      `Multiple versions of pnpm specified: version ${given} in the action, pnpm@${named} in the packageManager of ${inputs['package_json_file'] ?? ''}. Remove one of them.`,
    )
  const version = given === '' ? named : given
  if (version !== null) return version
  throw new Error('No pnpm version is specified: name it with version, or with packageManager in package.json')
}

const versionNamed = (text: string): string | null => {
  const manifest: unknown = parse(text)
  const named =
    typeof manifest === 'object' && manifest !== null && 'packageManager' in manifest ? manifest.packageManager : null
  return typeof named === 'string' ? (/^pnpm@([^+]+)/.exec(named)?.[1] ?? null) : null
}

type Installed = { readonly folder: string; readonly version: string }

const installed = async (call: BuiltInCall, wanted: string): Promise<Installed> => {
  const tools = join(call.state.folders.tools, 'pnpm')
  if (/^\d+\.\d+\.\d+/.test(wanted) && existsSync(join(tools, wanted)))
    return { folder: join(tools, wanted), version: wanted }
  mkdirSync(tools, { recursive: true })
  // Made beside and moved, because other jobs may do the same at this time.
  const made = mkdtempSync(join(tools, '.new-'))
  const words = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
  try {
    await runProgram(call, ['npm', 'install', '--prefix', made, ...words, `pnpm@${wanted}`], {
      directory: made,
      quiet: true,
    })
    const manifest: unknown = JSON.parse(readFileSync(join(made, 'node_modules', 'pnpm', 'package.json'), 'utf8'))
    const version =
      typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : wanted
    const folder = join(tools, version)
    if (!existsSync(folder)) renameSync(made, folder)
    return { folder, version }
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

type Install = { readonly argv: readonly string[]; readonly directory: string }

/** `run_install`: nothing, true, or one or several `{ recursive, cwd, args }` in YAML. */
const installsOf = (text: string): readonly Install[] => {
  const written: unknown = parse(text)
  if (written === null || written === undefined || written === false) return []
  if (written === true) return [{ argv: ['pnpm', 'recursive', 'install'], directory: '' }]
  return (Array.isArray(written) ? written : [written]).map((one: unknown) => {
    const read = (key: string): unknown =>
      typeof one === 'object' && one !== null ? Object.entries(one).find(([name]) => name === key)?.[1] : undefined
    const args = read('args')
    const directory = read('cwd')
    return {
      argv: [
        'pnpm',
        ...(read('recursive') === true ? ['recursive'] : []),
        'install',
        ...(Array.isArray(args) ? args.map(String) : []),
      ],
      directory: typeof directory === 'string' ? directory : '',
    }
  })
}
