/** `codecov/codecov-action`: coverage becomes evidence of the run instead of an upload. */
import { readFileSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { matchFiles } from '../run/hash-files.ts'
import { tellWarning } from '../run/job-state.ts'
import { isYes, linesOf, moot, type BuiltIn } from './action.ts'

/** The action. Files are those that are named, or those that usual tools write. */
export const codecov: BuiltIn = {
  inputs: {
    files: '',
    file: '',
    directory: '',
    exclude: '',
    fail_ci_if_error: 'false',
    disable_search: 'false',
    'working-directory': '',
    report_type: 'coverage',
    ...moot(
      'token',
      'flags',
      'name',
      'env_vars',
      'slug',
      'url',
      'verbose',
      'version',
      'use_oidc',
      'plugins',
      'os',
      'dry_run',
    ),
    ...moot(
      'override_branch',
      'override_build',
      'override_build_url',
      'override_commit',
      'override_pr',
      'commit_parent',
    ),
    ...moot(
      'git_service',
      'handle_no_reports_found',
      'job_code',
      'network_filter',
      'network_prefix',
      'root_dir',
      'binary',
    ),
    ...moot(
      'codecov_yml_path',
      'gcov_args',
      'gcov_executable',
      'gcov_ignore',
      'gcov_include',
      'swift_project',
      'base_sha',
    ),
    ...moot(
      'disable_file_fixes',
      'disable_safe_directory',
      'recurse_submodules',
      'report_code',
      'skip_validation',
      'use_legacy_upload_endpoint',
      'use_pypi',
      'allow_tokenless',
    ),
  },
  run: async ({ state, inputs }) => {
    const root = resolve(state.shell.directory, inputs['working-directory'] ?? '', inputs['directory'] ?? '')
    const named = [inputs['files'], inputs['file']].flatMap((text) => linesOf(text?.replaceAll(',', '\n')))
    const patterns = named.length > 0 || isYes(inputs['disable_search']) ? named : usual
    const excluded = linesOf(inputs['exclude']?.replaceAll(',', '\n')).map((pattern) => `!${pattern}`)
    const files = matchFiles(root, [...patterns, '!**/node_modules/**', ...excluded], false)
    let count = 0
    for (const file of files) {
      const format = inputs['report_type'] === 'test_results' ? 'junit' : formatOf(file)
      if (format === null) continue
      const path = relative(state.shell.directory, file)
      state.shell.report(format, path)
      state.shell.note(`Coverage of ${path} (${format}) is evidence of the run`)
      count += 1
    }
    if (count > 0) return
    const message = 'No coverage reports found. Please make sure you are generating reports successfully.'
    if (isYes(inputs['fail_ci_if_error'])) throw new Error(message)
    tellWarning(state, message)
  },
}

const usual = [
  '**/lcov.info',
  '**/*.lcov',
  '**/coverage-final.json',
  '**/cobertura*.xml',
  '**/coverage.xml',
  '**/clover.xml',
  '**/jacoco*.xml',
]

/** Bytes of a file that tell what it is. */
const headBytes = 4_096

const formatOf = (file: string): string | null => {
  const name = basename(file)
  if (/lcov/.test(name) && !name.endsWith('.xml')) return 'lcov'
  if (name.endsWith('.json')) return 'istanbul'
  const head = readFileSync(file).subarray(0, headBytes).toString('utf8')
  if (/^(?:TN|SF):/m.test(head)) return 'lcov'
  if (/<coverage[^>]*clover=/.test(head)) return 'clover'
  if (head.includes('<coverage')) return 'cobertura'
  if (head.includes('<report')) return 'jacoco'
  return /<testsuites?\b/.test(head) ? 'junit' : null
}
