/** The two files by which a control plane is found: its token and its address. */
import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { identify } from '../lib/process-identity.ts'

/** What `server.json` says. */
export type ServerFile = {
  readonly pid: number
  readonly startedAt: number
  readonly url: string
  readonly version: string
  /** Tells this process from another by the same pid; null where the platform does not say. */
  readonly processStart: string | null
  /** Program and arguments by which the gateway starts it again after it died. */
  readonly restartCommand: readonly string[]
}

/** The token of a state directory, made with mode 0600 when there is none. Only its owner may read it, or it is refused. */
export const ensureToken = async (stateDir: string): Promise<string> => {
  const path = join(stateDir, 'token')
  try {
    const file = await open(path, 'wx', 0o600)
    const token = randomBytes(32).toString('base64url')
    await file.writeFile(`${token}\n`)
    await file.close()
    return token
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw unwritable(path, cause)
  }
  const token = (await readFile(path, 'utf8')).trim()
  if (token.length < 32) {
    throw new SluiceError('token_stale', {
      detail: `${path} holds no token (it is ${token.length} characters long)`,
      hint: `rm ${path}, then start again: a new one is made`,
    })
  }
  await chmod(path, 0o600)
  return token
}

/** Says where this control plane is. Written whole or not at all. */
export const writeServerFile = async (
  stateDir: string,
  { url, version, startedAt, restartCommand }: Pick<ServerFile, 'url' | 'version' | 'startedAt' | 'restartCommand'>,
): Promise<void> => {
  const path = join(stateDir, 'server.json')
  const processStart = identify(process.pid)?.startTime ?? null
  const content: ServerFile = { pid: process.pid, startedAt, url, version, processStart, restartCommand }
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** Takes the address away: a clean stop, after which nobody starts it again. */
export const removeServerFile = (stateDir: string): Promise<void> => rm(join(stateDir, 'server.json'), { force: true })

const unwritable = (path: string, cause: unknown): SluiceError =>
  new SluiceError('store_failed', {
    detail: `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'check the permissions of the directory',
    cause,
  })
