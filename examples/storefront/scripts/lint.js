/**
 * A small lint that needs nothing installed: every file parses, every relative import is there, and a handful of rules that have
 * bitten before. Prints `file:line rule` and exits 1 if anything is found.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = new URL('../', import.meta.url)

/** @type {readonly [string, RegExp][]} */
const lineRules = [
  ['no trailing spaces', /[ \t]+$/],
  ['no tabs', /\t/],
  ['no lines over 160 characters', /^.{141,}/u],
  ['no var', /^\s*var\s/],
  ['no == or !=', /[^=!]==[^=]|!=[^=]/],
  ['no debugger', /^\s*debugger\b/],
  ['no console: log through log()', /\bconsole\.(log|error|warn)\(/],
  ['no tests that run alone', /\b(test|it|describe)\.only\(/],
  ['no merge markers', /^(<{7}|>{7}) /],
]

const filesIn = (folder) =>
  existsSync(new URL(folder, root))
    ? readdirSync(new URL(folder, root), { recursive: true })
        .map((name) => folder + name)
        .filter((name) => /\.(js|css)$/.test(name))
    : []

const files = ['src/', 'test/', 'scripts/'].flatMap(filesIn).toSorted()

const problemsOfText = (file) => {
  const text = readFileSync(new URL(file, root), 'utf8')
  const problems = text.endsWith('\n') ? [] : [`${file} must end with a line break`]
  text.split('\n').forEach((line, index) => {
    for (const [name, rule] of file === 'scripts/lint.js' ? [] : lineRules) {
      if (rule.test(line)) problems.push(`${file}:${index + 1} ${name}`)
    }
    const target = /\bfrom '(\.{1,2}\/[^']+)'/.exec(line)?.[1]
    if (target !== undefined && !existsSync(new URL(target, new URL(file, root)))) {
      problems.push(`${file}:${index + 1} there is no ${target}`)
    }
  })
  return problems
}

const run = promisify(execFile)

const problemsOfSyntax = async (file) => {
  try {
    await run(process.execPath, ['--check', fileURLToPath(new URL(file, root))])
    return []
  } catch (error) {
    return [`${file} does not parse\n${error.stderr}`]
  }
}

const queue = files.filter((file) => file.endsWith('.js'))
const problems = files.flatMap(problemsOfText)
const worker = async () => {
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) problems.push(...(await problemsOfSyntax(file)))
}
await Promise.all([worker(), worker()])

process.stdout.write(problems.map((problem) => `${problem}\n`).join(''))
process.stdout.write(`${files.length} files, ${problems.length} problems\n`)
process.exitCode = problems.length > 0 ? 1 : 0
