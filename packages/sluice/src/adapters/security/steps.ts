/** The steps that come with Sluice, as programs: what each is told about the project, and how it is started. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { git } from '../../lib/git.ts'
import type { BuiltinSteps } from '../../ports/builtins.ts'
import type { BuiltinContext } from './builtin.ts'

/** What all steps of a project have in common. */
export type BuiltinProject = {
  /** A folder in the project's repository, absolute. */
  readonly projectDir: string
  readonly stateDir: string
  readonly sluiceVersion: string
  /** Epoch ms. */
  readonly now: () => number
}

/** What the program of a step is told. */
export type BuiltinTold = {
  readonly name: string
  readonly options: unknown
  readonly context: Omit<BuiltinContext, 'signal'>
}

/** The steps of a project. A release is made in the project's own repository: tags of a job's checkout end with the job. */
export const builtinSteps = ({ projectDir, stateDir, sluiceVersion, now }: BuiltinProject): BuiltinSteps => ({
  folders: (name) => (nameOf(name) === 'provenance' ? [join(stateDir, 'keys'), join(stateDir, 'provenance')] : []),
  prepare: async (call, signal) => {
    const { options, outputDirectory, service, version, commit, origin, run, artifacts } = call
    const name = nameOf(call.name)
    const remote = await git(projectDir, ['remote', 'get-url', 'origin'], signal)
    const context = {
      directory: name === 'release' ? projectDir : call.directory,
      stateDirectory: stateDir,
      outputDirectory,
      service: { name: service, version },
      commit: { id: commit, branch: origin.branch, base: origin.base },
      run,
      repository: remote.code === 0 ? withoutUser(remote.out.trim()) : `file://${projectDir}`,
      builder: `urn:sluice:${service}`,
      artifacts,
      sluiceVersion,
      now: now(),
    }
    const program = fileURLToPath(new URL('./step-bin.ts', import.meta.url))
    return { argv: [process.execPath, program], told: { name, options, context } }
  },
})

const nameOf = (name: string): string => name.replace(/^sluice\//, '')

/** A password in an address is nobody's business. */
const withoutUser = (address: string): string => address.replace(/^(https?:\/\/)[^@/]*@/, '$1')
