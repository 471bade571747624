import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Settings } from '../../core/config/settings.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Cli, Command } from '../cli.ts'
import { runningServer, withClient } from '../connect.ts'
import { misplacedConfig } from '../project-directory.ts'

/** What a look found. `note`: as it may be, and good to know. */
type Finding = {
  readonly name: string
  readonly status: 'ok' | 'note' | 'wrong'
  readonly text: string
  readonly next: string | null
}

/** `sluice doctor`: looks, changes nothing. 2 when something is wrong. */
export const command: Command = async (cli) => {
  const loaded = await load(cli)
  const settings = loaded instanceof SluiceError ? null : loaded.settings
  const findings = [
    node(),
    await git(cli),
    config(cli, loaded),
    ...(await sharedCache(cli, settings)),
    ...(await channels(cli, settings)),
    stateDirectory(cli),
    disk(cli),
    token(cli),
    await isolation(cli),
    services(cli),
    await server(cli),
    ...(await source(cli, settings)),
    ...(await data(cli, settings)),
  ]
  if (cli.globals.json) cli.json({ findings })
  else {
    const marks = { ok: 'done', note: 'waiting', wrong: 'failed' } as const
    for (const { name, status, text, next } of findings) {
      cli.print(
        `${cli.style.mark(marks[status])} ${name.padEnd(15)} ${text}${next === null ? '' : `   ${cli.style.dim(next)}`}`,
      )
    }
  }
  return findings.some(({ status }) => status === 'wrong') ? 2 : 0
}

const ok = (name: string, text: string): Finding => ({ name, status: 'ok', text, next: null })
const note = (name: string, text: string, next: string | null): Finding => ({ name, status: 'note', text, next })
const wrong = (name: string, text: string, next: string): Finding => ({ name, status: 'wrong', text, next })

const node = (): Finding => ok('node', `${process.versions.node} on ${process.platform} ${process.arch}`)

const git = async ({ globals }: Cli): Promise<Finding> => {
  const run = promisify(execFile)
  try {
    const { stdout: version } = await run('git', ['--version'])
    const inside = await run('git', ['-C', globals.projectDir, 'rev-parse', '--short', 'HEAD']).catch(() => null)
    if (inside !== null) return ok('git', `${version.trim()}, HEAD is ${inside.stdout.trim()}`)
    return wrong(
      'git',
      `${globals.projectDir} is no git repository with a commit`,
      'git init && git add . && git commit',
    )
  } catch {
    return wrong('git', 'git is not installed, or not in PATH', 'install git')
  }
}

/** The config, or why there is none: to evaluate it takes a process. */
type Loaded = Awaited<ReturnType<Cli['host']['loadConfig']>> | SluiceError

const load = async ({ host, globals, interrupted }: Cli): Promise<Loaded> => {
  try {
    return await host.loadConfig(globals.projectDir, interrupted)
  } catch (error) {
    if (error instanceof SluiceError) return error
    throw error
  }
}

const config = ({ globals }: Cli, loaded: Loaded): Finding => {
  if (loaded instanceof SluiceError)
    return wrong('config', loaded.detail, loaded.code === 'config_missing' ? 'sluice init' : 'sluice validate')
  const misplaced = misplacedConfig(globals.projectDir)
  if (misplaced !== null)
    return wrong('config', `no run finds it: ${misplaced.why}`, `mv ${loaded.file} '${misplaced.root}'`)
  return ok('config', `${join(globals.projectDir, loaded.file)}: service ${loaded.settings.service}`)
}

/** Nothing for a project whose config names no source, or cannot be read. */
const source = async (cli: Cli, settings: Settings | null): Promise<readonly Finding[]> => {
  if (settings?.source === undefined) return []
  const { lookAtSource } = await import('./doctor-source.ts')
  return (await lookAtSource(cli, settings.source)).map(({ text, trouble, next }) =>
    trouble ? wrong('source', text, next) : ok('source', text),
  )
}

/** Nothing for a project that shares no cache, or whose config cannot be read. */
const sharedCache = async ({ variables }: Cli, settings: Settings | null): Promise<readonly Finding[]> => {
  const remote = settings?.pipeline.cache.remote ?? null
  if (remote === null) return []
  const { remoteAddress, remoteRefusal } = await import('../../core/pipeline/cache/run-cache.ts')
  const [refusal, address] = [remoteRefusal(remote, variables), remoteAddress(remote)]
  if (refusal === null) return [ok('shared cache', address)]
  return [note('shared cache', `not used from here: ${refusal}`, `SLUICE_CACHE_REMOTE=${address}`)]
}

/** Nothing for a project that tells nobody anything, or whose config cannot be read. */
const channels = async (cli: Cli, settings: Settings | null): Promise<readonly Finding[]> => {
  if (settings === null || (settings.notify === undefined && settings.source === undefined)) return []
  const { lookAtChannels } = await import('./doctor-channels.ts')
  return (await lookAtChannels(cli, settings)).map(({ text, next }) =>
    next === null ? ok('notifications', text) : wrong('notifications', text, next),
  )
}

const stateDirectory = ({ globals: { stateDir } }: Cli): Finding => {
  if (!existsSync(stateDir)) return note('state', `${stateDir} is not there yet; the first run makes it`, null)
  try {
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return ok('state', stateDir)
  } catch {
    return wrong('state', `${stateDir} cannot be read and written`, `chown -R "$USER" ${stateDir}`)
  }
}

const lowBytes = 1_073_741_824

const disk = ({ globals }: Cli): Finding => {
  const place = [globals.stateDir, globals.projectDir].find((path) => existsSync(path))
  if (place === undefined)
    return wrong('disk', `there is no ${globals.projectDir}`, '--project names a folder that is there')
  const { bavail, bsize } = statfsSync(place)
  const free = bavail * bsize
  const text = `${(free / lowBytes).toFixed(1)} GiB free`
  return free < lowBytes ? note('disk', text, 'a full disk refuses new work; rollback still goes') : ok('disk', text)
}

const token = ({ globals: { stateDir } }: Cli): Finding => {
  const path = join(stateDir, 'token')
  if (!existsSync(path)) return note('token', 'none yet; the first start makes it', null)
  const mode = statSync(path).mode & 0o777
  return mode === 0o600
    ? ok('token', `${path}, for its owner only`)
    : wrong('token', `${path} can be read by others (mode ${mode.toString(8)})`, `chmod 600 ${path}`)
}

const server = async (cli: Cli): Promise<Finding> => {
  const running = runningServer(cli.globals.stateDir)
  if (running === null) return note('control plane', 'none runs here', 'sluice up -d')
  try {
    const { version } = await withClient(cli, 'read', (client) => client.call('server.show', {}))
    const text = `${running.url} (pid ${running.pid}, ${version})`
    return version === cli.host.version
      ? ok('control plane', text)
      : note('control plane', `${text}; this is ${cli.host.version}`, 'sluice down && sluice up -d')
  } catch (error) {
    return wrong(
      'control plane',
      error instanceof SluiceError ? error.detail : String(error),
      'sluice explain SLU-1103',
    )
  }
}

const isolation = async ({ host, globals }: Cli): Promise<Finding> => {
  if (!existsSync(globals.stateDir))
    return note('isolation', 'not looked at: the state directory is not there yet', null)
  const { kind, text } = await host.isolation(globals.stateDir)
  if (kind === 'layers') return ok('isolation', text)
  return note('isolation', text, 'install bubblewrap, and allow user namespaces')
}

/** What services are started from: programs of this machine, or Docker. */
const services = ({ variables }: Cli): Finding => {
  const folders = (variables['PATH'] ?? '').split(':').filter((folder) => folder !== '')
  // Debian keeps the servers of PostgreSQL beside the path, one folder a version.
  const beside = existsSync('/usr/lib/postgresql') ? ['postgres'] : []
  const programs = ['postgres', 'redis-server', 'valkey-server', 'mysqld', 'docker']
  const found = programs.filter(
    (name) => beside.includes(name) || folders.some((folder) => existsSync(join(folder, name))),
  )
  if (found.length > 0) return ok('services', `from ${found.join(', ')}`)
  return note('services', 'no postgres, redis-server or docker in PATH', 'install what the services of jobs need')
}

/** The data plane by what it shows, and the ports that the environments need. */
const data = async (cli: Cli, settings: Settings | null): Promise<readonly Finding[]> => {
  try {
    const { environments } = await withClient(cli, 'read', (client) => client.call('environments.list', {}))
    return await Promise.all(
      environments.map(async ({ name, observed, serving }): Promise<Finding> => {
        const listen = settings?.environments[name]?.listen ?? null
        if (observed.traffic !== null)
          return ok(name, `the gateway serves it on ${observed.traffic.listen.host}:${observed.traffic.listen.port}`)
        if (serving !== null)
          return wrong(name, `${serving.version} should serve, and no gateway shows its route`, 'sluice up -d')
        if (listen === null) return note(name, 'nothing serves yet', null)
        const trouble = await portTrouble(listen)
        return trouble === null
          ? ok(name, `nothing serves yet; port ${listen.port} is free`)
          : wrong(name, trouble, 'choose another port: environments.listen')
      }),
    )
  } catch (error) {
    if (error instanceof SluiceError) return [note('environments', error.detail, error.hint)]
    throw error
  }
}

/** Why nobody could listen there; null when one could. */
const portTrouble = ({ host, port }: { readonly host: string; readonly port: number }): Promise<string | null> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code === 'EADDRINUSE'
          ? `something else listens on ${host}:${port}`
          : `nobody may listen on ${host}:${port} here: ${error.message}`,
      ),
    )
    probe.listen(port, host, () => probe.close(() => resolve(null)))
  })
