/** The repository that the benchmark works on: 200 packages of ten files in ten layers, each depending on two of the layer before; the same for every tool. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Packages, files of each, and packages of a layer. */
export const shape = { packages: 200, files: 10, layer: 20 } as const

/** A checkout, and the folder that it and everything around it is in. */
export type Repository = { readonly root: string; readonly checkout: string; readonly remove: () => void }

/** Packages that package `index` depends on. */
export const needsOf = (index: number): readonly number[] => {
  const before = (Math.floor(index / shape.layer) - 1) * shape.layer
  return before < 0 ? [] : [before + (index % shape.layer), before + ((index + 1) % shape.layer)]
}

/** Makes the repository and commits it. */
export const makeRepository = (): Repository => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-bench-cache-'))
  const checkout = join(root, 'checkout')
  for (let index = 0; index < shape.packages; index += 1) {
    const folder = join(checkout, 'packages', `p${index}`)
    mkdirSync(join(folder, 'src'), { recursive: true })
    const dependencies = Object.fromEntries(needsOf(index).map((need) => [`p${need}`, '1.0.0']))
    const manifest = { name: `p${index}`, version: '1.0.0', scripts: { build: script }, dependencies }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    for (let file = 1; file < shape.files; file += 1)
      writeFileSync(join(folder, 'src', `f${file}.ts`), source(index, file))
  }
  const manifest = { name: 'bench', private: true, workspaces: ['packages/*'], packageManager: 'npm@10.9.0' }
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lockfile()))
  writeFileSync(join(checkout, 'turbo.json'), JSON.stringify(turboSettings))
  writeFileSync(join(checkout, '.gitignore'), 'dist\nnode_modules\n.turbo\n.sluice\n')
  writeFileSync(join(checkout, 'sluice.config.ts'), `export default ${JSON.stringify(sluiceSettings)}\n`)
  const git = (...words: string[]): void => void execFileSync('git', words, { cwd: checkout, stdio: 'ignore' })
  git('init', '--quiet')
  git('add', '--all')
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.invalid', 'commit', '--quiet', '--message', 'all')
  return { root, checkout, remove: () => rmSync(root, { recursive: true, force: true }) }
}

/** Changes every file of the packages, so that none is as the index has it. */
export const changeAll = (checkout: string): void => {
  for (let index = 0; index < shape.packages; index += 1)
    for (let file = 0; file < shape.files; file += 1)
      writeFileSync(join(checkout, 'packages', `p${index}`, 'src', `f${file}.ts`), source(index, file + shape.files))
}

const script = 'mkdir -p dist && echo built > dist/out.txt'

const turboSettings = {
  tasks: { build: { dependsOn: ['^build'], inputs: ['src/**', 'package.json'], outputs: ['dist/**'] } },
}

/** The same jobs for `sluice run`. */
const sluiceSettings = {
  service: 'bench',
  version: '1.0.0',
  pipeline: {
    jobs: Object.fromEntries(
      Array.from({ length: shape.packages }, (_, index) => [
        `p${index}`,
        {
          needs: needsOf(index).map((need) => `p${need}`),
          steps: script,
          workingDirectory: `packages/p${index}`,
          cache: {
            inputs: [`packages/p${index}/src/**`, `packages/p${index}/package.json`],
            outputs: [`packages/p${index}/dist/**`],
            tools: ['uname -sr'],
          },
        },
      ]),
    ),
  },
}

/** Some two kilobytes. */
const source = (index: number, file: number): string =>
  Array.from(
    { length: 40 },
    (_, line) => `export const x${line} = 'package ${index}, file ${file}, line ${line}'\n`,
  ).join('')

const lockfile = (): object => {
  const members = Array.from({ length: shape.packages }, (_, index) => index)
  const links = members.map((index) => [`node_modules/p${index}`, { resolved: `packages/p${index}`, link: true }])
  const packages = members.map((index) => [`packages/p${index}`, { version: '1.0.0' }])
  return {
    name: 'bench',
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name: 'bench', workspaces: ['packages/*'] }, ...Object.fromEntries([...links, ...packages]) },
  }
}
