/** Artifacts by content: `artifacts/sha256/<hex>.tar`, written whole, checked before every use. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execFile } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { SluiceError } from '../core/errors.ts'
import { type Artifact, type Commit, digest, type Digest } from '../core/model.ts'
import { diskError, syncFolder } from '../lib/files.ts'
import { packTar, unpackTar } from '../lib/tar.ts'

type PutRequest = {
  readonly name: string
  readonly directory: string
  readonly paths: readonly string[]
  readonly commit: Commit
  readonly version: string
  readonly inputs: readonly Artifact[]
}

/** Versions of the tools that built an artifact, asked once. */
export type ToolVersions = () => Promise<Readonly<Record<string, string>>>

/** The local store; it has the shape of the engine's `ArtifactStore` port. */
export class LocalArtifacts {
  readonly #folder: string
  readonly #tools: ToolVersions

  constructor(stateDir: string, tools: ToolVersions) {
    this.#folder = join(stateDir, 'artifacts', 'sha256')
    this.#tools = tools
  }

  /** Packs, with `build-metadata.json` inside: nothing in it depends on when or where, so that the same commit gives the same digest. */
  async put(request: PutRequest, signal: AbortSignal): Promise<Artifact> {
    const { name, directory, paths, commit, version, inputs } = request
    await mkdir(this.#folder, { recursive: true })
    const temporary = join(this.#folder, `.${randomBytes(8).toString('hex')}`)
    const metadata = {
      schema: 1,
      artifact: name,
      version,
      commit,
      tools: await this.#tools(),
      inputs: inputs.map((input) => ({ name: input.name, digest: input.digest })),
    }
    const extra = [{ path: 'build-metadata.json', content: `${JSON.stringify(metadata, null, 2)}\n` }]
    try {
      const { sha256, bytes } = await packTar({ directory, paths, extra, target: temporary }, signal)
      await rename(temporary, join(this.#folder, `${sha256}.tar`))
      await syncFolder(this.#folder)
      return { name, digest: digest(`sha256:${sha256}`), bytes }
    } catch (error) {
      throw diskError(error, this.#folder)
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** Checks the digest first: what is not what it says is moved aside and never unpacked. */
  async unpack(wanted: Digest, directory: string, signal: AbortSignal): Promise<void> {
    const path = this.#path(wanted)
    const state = await this.verify(wanted, signal)
    if (state === 'missing')
      throw new SluiceError('artifact_missing', {
        detail: `artifact ${wanted} is not in the store`,
        hint: 'sluice run builds it again',
      })
    if (state === 'mismatch') {
      await rename(path, `${path}.damaged`)
      throw new SluiceError('artifact_mismatch', {
        detail: `artifact ${wanted} is damaged; moved aside to ${path}.damaged`,
        hint: 'sluice run builds it again',
      })
    }
    await unpackTar(path, directory, signal).catch((error: unknown) => {
      throw diskError(error, directory)
    })
  }

  async verify(wanted: Digest, signal: AbortSignal): Promise<'ok' | 'missing' | 'mismatch'> {
    const path = this.#path(wanted)
    if ((await stat(path).catch(() => null)) === null) return 'missing'
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash, { signal })
    return `sha256:${hash.digest('hex')}` === wanted ? 'ok' : 'mismatch'
  }

  #path(wanted: Digest): string {
    return join(this.#folder, `${wanted.slice('sha256:'.length)}.tar`)
  }
}

/** Asks node, npm and git for their versions; a tool that is not there is left out. */
export const localTools = (): ToolVersions => {
  const ask = promisify(execFile)
  const version = async (tool: string): Promise<readonly [string, string][]> => {
    const answer = await ask(tool, ['--version'], { timeout: 10_000 }).catch(() => null)
    return answer === null ? [] : [[tool, answer.stdout.trim()]]
  }
  let known: Promise<Readonly<Record<string, string>>> | null = null
  return () => {
    known ??= Promise.all(['node', 'npm', 'git'].map(version)).then((found) => Object.fromEntries(found.flat()))
    return known
  }
}
