/** Which HAProxy is used, and whether it can do what is asked of it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { SluiceError } from '../../core/errors.ts'
import { findProgram } from '../../lib/processes/find-program.ts'

const run = promisify(execFile)

/** Where it is besides the PATH: Debian has it where only root's path looks. */
export const usualPlaces: readonly string[] = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin']

/** The first version whose servers can be added and taken away while it runs, without being experimental. */
const versionMin = [2, 6] as const

/** The absolute path of the program; `tool_missing` when there is none, it is too old, or was built without Lua. */
export const findHaproxy = async (path: string): Promise<string> => {
  const program = findProgram('haproxy', path)
  if (program === null) {
    throw new SluiceError('tool_missing', {
      detail: `an environment has router: 'haproxy', and there is no haproxy in: ${path}`,
      hint: 'install HAProxy 2.6 or later (Debian: apt-get install haproxy), or leave router out',
    })
  }
  const { stdout } = await run(program, ['-vv']).catch((error: unknown) => {
    throw new SluiceError('tool_missing', { detail: `${program} does not run`, cause: error })
  })
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(stdout) ?? []
  const isOld = Number(major) < versionMin[0] || (Number(major) === versionMin[0] && Number(minor) < versionMin[1])
  if (!isOld && /USE_LUA=1|\+LUA\b/.test(stdout)) return program
  throw new SluiceError('tool_missing', {
    detail: `${program} is version ${major}.${minor}${isOld ? '' : ', built without Lua'}`,
    hint: `HAProxy ${versionMin.join('.')} or later with Lua is needed, as distributions build it`,
  })
}
