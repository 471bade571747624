/** What package managers keep on a machine, from run to run: npm, pnpm, Yarn. */
import { hashFiles } from '../run/hash-files.ts'
import type { BuiltInCall } from './action.ts'
import { runProgram } from './program.ts'

const managers: Readonly<Record<string, { readonly locks: readonly string[]; readonly command: readonly string[] }>> = {
  npm: { locks: ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock'], command: ['npm', 'config', 'get', 'cache'] },
  pnpm: { locks: ['pnpm-lock.yaml'], command: ['pnpm', 'store', 'path', '--silent'] },
  yarn: { locks: ['yarn.lock'], command: ['yarn', 'config', 'get', 'cacheFolder'] },
}

/** The package manager's cache under the hash of its lockfiles (`given`, else those that it usually has), saved at the end where it was not there. */
export const keepPackageCache = async (
  call: BuiltInCall,
  { name, given }: { readonly name: string; readonly given: readonly string[] },
): Promise<void> => {
  const { state, frame, unit, signal } = call
  const manager = managers[name]
  if (manager === undefined) throw new Error(`Caching for '${name}' is not supported`)
  const patterns = given.length === 0 ? manager.locks.map((lock) => `**/${lock}`) : given
  const hash = hashFiles(state.shell.directory, patterns)
  if (hash === '')
    throw new Error(
      `Dependencies lock file is not found in ${state.shell.directory}. Supported file patterns: ${manager.locks.join(',')}`,
    )
  const [path = ''] = (
    await runProgram(call, manager.command, { directory: state.shell.directory, quiet: true })
  ).slice(-1)
  const key = `node-cache-${process.platform}-${process.arch}-${name}-${hash}`
  const found = await state.shell.restoreCache({ key, restoreKeys: [], paths: [path] }, signal)
  unit.outputs['cache-hit'] = String(found === key)
  if (found === key) return
  state.posts.push({
    name: `Post ${unit.title}`,
    condition: 'success()',
    frame,
    step: call.step,
    unit,
    run: (postSignal) => state.shell.saveCache({ key, paths: [path] }, postSignal),
  })
}
