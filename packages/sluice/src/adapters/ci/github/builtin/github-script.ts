/** `actions/github-script`: the script runs in a process of Node with `core`, `context`, `exec`, `io`, `glob`; whatever it asks of GitHub's API is refused. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inputVariable } from '../run/javascript.ts'
import { runProcess } from '../run/process.ts'
import { githubFor } from '../run/step-scope.ts'
import { moot, type BuiltIn } from './action.ts'

/** The action. */
export const githubScript: BuiltIn = {
  inputs: {
    script: '',
    'result-encoding': 'json',
    ...moot('github-token', 'debug', 'user-agent', 'previews', 'retries', 'retry-exempt-status-codes', 'base-url'),
  },
  run: async (call) => {
    const { state, frame, unit, inputs } = call
    const script = inputs['script'] ?? ''
    if (script === '') throw new Error('Input required and not supplied: script')
    state.made.files += 1
    const file = join(state.folders.temporary, `script_${state.made.files}.json`)
    const github = { ...githubFor(state, frame), action: unit.id }
    writeFileSync(
      file,
      JSON.stringify({ script, github, encoding: inputs['result-encoding'], workspace: state.shell.directory }),
    )
    const host = fileURLToPath(new URL('script-worker.ts', import.meta.url))
    const argv = [process.execPath, '--no-warnings', host, file]
    const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [inputVariable(name), value]))
    const request = { argv, directory: state.shell.directory, env, onLine: null }
    const end = await runProcess({ state, frame, unit }, request, call.signal)
    // What went wrong the script has told by itself.
    if (end.kind !== 'exited' || end.code !== 0) unit.hasBrokenCommand = true
  },
}
