/** Copies of checkouts, for jobs that do not work in layers. */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** A checkout of a few small files is kept in memory: writing it again takes less time than starting a program that copies it. */
const fewEntries = 64
const smallBytes = 262_144
const treesMax = 16

type Entry =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'link'; readonly name: string; readonly target: string }

/** Makes copies of folders that do not change. */
export class Copies {
  /** By folder; null for one that is not small. */
  readonly #trees = new Map<string, readonly Entry[] | null>()

  /** Copies what is in a folder into another, which may be there already; files of the same name are replaced. */
  async copy(from: string, to: string): Promise<void> {
    const known = this.#trees.get(from)
    const tree = known === undefined ? smallTree(from) : known
    if (known === undefined) {
      if (this.#trees.size >= treesMax) this.#trees.clear()
      this.#trees.set(from, tree)
    }
    await mkdir(to, { recursive: true })
    if (tree === null) await copyByProgram(from, to)
    else for (const entry of tree) write(to, entry)
  }
}

const write = (folder: string, entry: Entry): void => {
  const path = join(folder, entry.name)
  if (entry.kind === 'folder') mkdirSync(path, { recursive: true })
  else if (entry.kind === 'file') writeFileSync(path, entry.content, { mode: entry.mode })
  else symlinkSync(entry.target, path)
}

const smallTree = (root: string): readonly Entry[] | null => {
  const found: Entry[] = []
  let bytes = 0
  const open = ['']
  for (let folder = open.shift(); folder !== undefined; folder = open.shift()) {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    if (found.length + entries.length > fewEntries) return null
    for (const entry of entries) {
      const name = join(folder, entry.name)
      const path = join(root, name)
      if (entry.isDirectory()) {
        found.push({ kind: 'folder', name })
        open.push(name)
      } else if (entry.isSymbolicLink()) found.push({ kind: 'link', name, target: readlinkSync(path) })
      else {
        const { mode, size } = statSync(path)
        bytes += size
        if (!entry.isFile() || bytes > smallBytes) return null
        found.push({ kind: 'file', name, mode: mode & 0o777, content: readFileSync(path) })
      }
    }
  }
  return found
}

/** Clones where the file system can. Source: cp(1) of GNU coreutils and of macOS. */
const copyByProgram = async (from: string, to: string): Promise<void> => {
  const flags = process.platform === 'darwin' ? ['-Rpc'] : ['-a', '--reflink=auto']
  const child = spawn('cp', [...flags, '--', `${from}/.`, to], { stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString('utf8')).slice(-limits.evidenceBytesMax)
  })
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code === 0) return
  throw new SluiceError(/no space left/i.test(complaints) ? 'store_full' : 'unexpected', {
    detail: `the checkout could not be copied to ${to}`,
    evidence: complaints.trim().split('\n').slice(-limits.evidenceLinesMax),
  })
}
