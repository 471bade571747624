/** Programs beside a job: started and found healthy before its first step, and gone after it, data included. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { PlannedService, Texts } from '../../core/pipeline/job-plan.ts'
import type { ExecutionEnd } from '../../ports/dialect.ts'
import type { Network, RunAs } from '../isolation/launcher.ts'
import type { JobLog } from '../log/job-log.ts'
import type { OnOutput, Processes } from '../processes.ts'
import { engineWords, readyCommands, readyWords, removeWords, runWords } from './docker.ts'
import { LastLines } from './last-lines.ts'
import type { ServicePorts } from './ports.ts'
import { commandRecipe, kindOf, packagesOf, type Recipe, recipeOf } from './recipes.ts'

/** What services are started with. */
export type ServicesOptions = {
  readonly processes: Processes
  readonly log: JobLog
  readonly ports: ServicePorts
  /** The job's folder: names data and containers. */
  readonly folder: string
  /** Where commands of the project's run, absolute. */
  readonly directory: string
  /** What every process of the job gets. */
  readonly env: Texts
  /** Whether `DATABASE_URL` and the like are exported besides hosts and ports. */
  readonly exportsUrls: boolean
  readonly network: Network
}

/** Services that run. */
export type Services = {
  /** Variables for the steps. */
  readonly env: Texts
  /** Names under which each answers on 127.0.0.1 with the port of its image; none for one that got another port. */
  readonly hosts: readonly string[]
  /** Removes containers, data and reservations; the processes have ended before, with the job's. Safe to repeat. */
  readonly end: () => Promise<void>
}

/** Starts all of them side by side. `tool_missing` before any was started; `start_failed` and `health_failed` with the service's name. */
export const startServices = async (
  services: readonly PlannedService[],
  options: ServicesOptions,
  signal: AbortSignal,
): Promise<Services> => {
  if (services.length === 0) return { env: {}, hosts: [], end: () => Promise.resolve() }
  const taken: number[] = []
  const end = async (): Promise<void> => {
    for (const port of taken) options.ports.release(port)
    await removeServices(options.folder, options.env)
  }
  try {
    const made: Made[] = []
    const data = await makeDataFolder(options.folder)
    for (const service of services)
      made.push(await make(service, { ...options, data }, (port) => void taken.push(port)))
    const envs = await Promise.all(made.map((one) => start(one, options, signal)))
    return { env: Object.assign({}, ...envs), hosts: made.flatMap(hostsOf), end }
  } catch (error) {
    // First cause wins; what could not be removed is still on record, and tried again.
    await end().catch(() => {})
    throw error
  }
}

const hostsOf = ({ service, recipe, ports }: Made): readonly string[] =>
  ports.every(({ inside, outside }) => (inside ?? recipe.usualPort) === outside)
    ? [service.name, ...(service.aliases ?? [])]
    : []

/**
 * Removes what services of a job left, from before this process too: containers and data. `outcome_unknown` where containers may be left; repeat it then. `environment`
 * is the one that they were started in, or has at least its PATH and HOME: another may mean another engine.
 */
export const removeServices = async (
  folder: string,
  { PATH, HOME }: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const label = labelOf(folder)
  const onRecord = join(folder, 'containers')
  if (existsSync(onRecord)) {
    const [program = '', ...words] = removeWords(label)
    const options = { timeout: limits.stopJobDeadlineMs, env: { PATH, HOME } }
    await promisify(execFile)(program, [...words], options).catch((error: unknown) => {
      throw new SluiceError('outcome_unknown', {
        detail: `containers of a job may be left: docker ps --filter label=sluice.job=${label}`,
        cause: error,
      })
    })
    // Only now: whoever fails, or is killed before, has to do it again.
    await rm(onRecord, { force: true })
  }
  await removeDataFolder(folder)
}

type Port = { readonly inside: number | null; readonly outside: number }

type Made = {
  readonly service: PlannedService
  readonly recipe: Recipe
  readonly ports: readonly Port[]
  readonly data: string
  readonly as: RunAs | null
}

/** A link in the job's folder to where its services' data is. */
const dataLink = (folder: string): string => join(folder, 'services')

const dataPrefix = join(tmpdir(), 'sluice-services-')

/**
 * Where services keep their data: short, since a socket's path must be, and where an account that is not ours can reach it. Its name cannot be foreseen and it is
 * nobody else's, so that nobody can have put a link there for root to follow.
 */
const makeDataFolder = async (folder: string): Promise<string> => {
  await removeDataFolder(folder)
  const data = await mkdtemp(dataPrefix)
  await symlink(data, dataLink(folder))
  await chmod(data, 0o711)
  return data
}

const removeDataFolder = async (folder: string): Promise<void> => {
  const data = await readlink(dataLink(folder)).catch(() => null)
  if (data === null) return
  // Only what was made here, whatever the link says.
  if (data.startsWith(dataPrefix) && /^\w+$/.test(data.slice(dataPrefix.length)))
    await rm(data, { recursive: true, force: true })
  await rm(dataLink(folder), { force: true })
}

const labelOf = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 16)

/** Decides how it runs; starts nothing. */
const make = async (
  service: PlannedService,
  options: ServicesOptions & { readonly data: string },
  onPort: (port: number) => void,
): Promise<Made> => {
  const take = async (inside: number | null, index: number): Promise<Port> => {
    const wanted = service.published?.[index] ?? inside
    const outside = await options.ports.take(wanted)
    onPort(outside)
    if (wanted !== null && wanted !== outside)
      options.log.note(`service ${service.name}: somebody has port ${wanted} already, so that it gets ${outside}`)
    return { inside, outside }
  }
  const ports = await Promise.all((service.ports.length > 0 ? service.ports : [null]).map(take))
  const data = join(options.data, service.name)
  const place = { port: ports[0]?.outside ?? 0, folder: data, path: options.env['PATH'] ?? '' }
  const kind = service.image === null ? null : kindOf(service.image)
  const own =
    service.command === null
      ? kind === null
        ? null
        : recipeOf(kind, service, place)
      : commandRecipe(service.command, place)
  if (own !== null) return { service, recipe: own, ports, data, as: accountOf(own.account) }
  return { service, recipe: await containerRecipe(service, ports, options), ports, data, as: null }
}

const containerRecipe = async (
  service: PlannedService,
  ports: readonly Port[],
  options: ServicesOptions,
): Promise<Recipe> => {
  const { image } = service
  const { processes, env, folder } = options
  const kind = image === null ? null : kindOf(image)
  const order = { argv: engineWords, env, directory: '/', timeoutMs: 10_000, as: null, onOutput: () => null }
  const engine = await processes.run(order, new AbortController().signal)
  if (image === null || engine.kind !== 'exited' || engine.code !== 0)
    throw new SluiceError('tool_missing', {
      detail: `service ${service.name} needs ${image ?? 'an image or a command'}: ${kind === null ? 'no' : `neither a ${kind} server of this machine's own nor a`} Docker engine is there`,
      hint:
        kind === null
          ? 'start a Docker engine, or give the service a command that listens on $PORT'
          : `install it (apt-get install ${packagesOf[kind]}), or start a Docker engine`,
    })
  await writeFile(join(folder, 'containers'), '')
  const label = labelOf(folder)
  const name = `sluice-${label}-${service.name}`
  const usual = { postgres: 5432, redis: 6379, mysql: 3306 }
  const inside = (port: Port): number => port.inside ?? (kind === null ? port.outside : usual[kind])
  return {
    prepare: [],
    serve: runWords({
      name,
      label,
      service: { ...service, image },
      ports: ports.map((port) => ({ inside: inside(port), outside: port.outside })),
    }),
    isReady:
      service.healthCommand !== null
        ? readyWords(name, service.healthCommand)
        : kind === null
          ? null
          : readyWords(name, readyCommands[kind]),
    finish: [],
    env: service.env,
    files: {},
    exports: {},
    usualPort: null,
    account: null,
    program: `docker run ${image}`,
  }
}

/** Root runs them as somebody else; everybody else as they are. */
const accountOf = (account: string | null): RunAs | null => {
  if (account === null || process.getuid?.() !== 0) return null
  const rows = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const row = rows.find(([name]) => name === account) ?? rows.find(([name]) => name === 'nobody')
  return row === undefined ? null : { uid: Number(row[2]), gid: Number(row[3]) }
}

const start = async (
  { service, recipe, ports, data, as }: Made,
  options: ServicesOptions,
  signal: AbortSignal,
): Promise<Texts> => {
  const { log, processes } = options
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(service.startTimeoutMs)])
  await makeData({ data, as, files: recipe.files })
  const env = { ...options.env, ...service.env, ...recipe.env }
  const lastLines = { stdout: new LastLines(), stderr: new LastLines() }
  const onOutput: OnOutput = (stream, chunk) => {
    lastLines[stream].push(chunk)
    log.write(stream, chunk)
    return null
  }
  const evidence = (): readonly string[] =>
    [...lastLines.stdout.texts(), ...lastLines.stderr.texts()].slice(-limits.evidenceLinesMax)
  const directory = as === null ? options.directory : data
  const run = (argv: readonly string[], listen: typeof onOutput): Promise<ExecutionEnd> =>
    processes.run({ argv, env, directory, timeoutMs: null, as, onOutput: listen }, deadline)
  const must = async (argv: readonly string[]): Promise<void> => {
    const end = await run(argv, onOutput)
    if (!isGood(end)) throw failed(service, { signal, end, lines: evidence() })
  }
  for (const argv of recipe.prepare) await must(argv)
  let end: ExecutionEnd | null = null
  const over = processes.serve({ argv: recipe.serve, env, directory, as, onOutput }).then((how) => (end = how))
  const question = questionOf(service, { recipe, port: ports[0]?.outside ?? 0, network: options.network })
  const healthEnv = { ...env, ...exportsOf(service, { recipe, ports }) }
  const isHealthy = async (): Promise<boolean> => {
    if (question === null) return answers(ports[0]?.outside ?? 0)
    const order = { argv: question, env: healthEnv, directory, timeoutMs: null, as, onOutput: () => null }
    return isGood(await processes.run(order, deadline))
  }
  while (!(await isHealthy())) {
    if (end !== null || deadline.aborted) throw failed(service, { signal, end, lines: evidence() })
    await Promise.race([over, sleep(limits.servicePollMs)])
  }
  if (end !== null) throw failed(service, { signal, end, lines: evidence() })
  for (const argv of recipe.finish) await must(argv)
  log.note(`service ${service.name} is ready on 127.0.0.1:${ports[0]?.outside ?? 0} (${recipe.program})`)
  return { ...(options.exportsUrls ? recipe.exports : {}), ...exportsOf(service, { recipe, ports }) }
}

/** Null: a connection to the port. One to a network of the job's own must be made from inside. */
const questionOf = (
  { healthCommand }: PlannedService,
  { recipe, port, network }: { readonly recipe: Recipe; readonly port: number; readonly network: Network },
): readonly string[] | null => {
  if (recipe.isReady !== null) return recipe.isReady
  if (healthCommand !== null) return ['sh', '-c', healthCommand]
  return network === 'own' ? ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`] : null
}

const makeData = async ({
  data,
  as,
  files,
}: {
  readonly data: string
  readonly as: RunAs | null
  readonly files: Texts
}): Promise<void> => {
  await mkdir(data, { mode: 0o700 })
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(data, name), content, { mode: 0o600 })
    if (as !== null) await chown(join(data, name), as.uid, as.gid)
  }
  if (as !== null) await chown(data, as.uid, as.gid)
}

const exportsOf = (
  { name, exports }: PlannedService,
  { recipe, ports }: { readonly recipe: Recipe; readonly ports: readonly Port[] },
): Texts => {
  const prefix = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
  const port = String(ports[0]?.outside ?? 0)
  const mapped = ports.flatMap(({ inside, outside }) => {
    const known = inside ?? recipe.usualPort
    return known === null ? [] : [[`${prefix}_PORT_${known}`, String(outside)] as const]
  })
  const filled = Object.entries(exports).map(
    ([variable, text]) => [variable, text.replaceAll('{host}', '127.0.0.1').replaceAll('{port}', port)] as const,
  )
  return {
    [`${prefix}_HOST`]: '127.0.0.1',
    [`${prefix}_PORT`]: port,
    ...Object.fromEntries(mapped),
    ...Object.fromEntries(filled),
  }
}

const isGood = (end: ExecutionEnd): boolean => end.kind === 'exited' && end.code === 0

const failed = (
  { name, startTimeoutMs }: PlannedService,
  {
    signal,
    end,
    lines,
  }: { readonly signal: AbortSignal; readonly end: ExecutionEnd | null; readonly lines: readonly string[] },
): SluiceError => {
  if (signal.aborted) return new SluiceError('outcome_unknown', { detail: `service ${name} was called off` })
  const evidence = lines.filter((line) => line !== '')
  if (end === null || end.kind === 'cancelled')
    return new SluiceError('health_failed', {
      detail: `service ${name} was not healthy within ${startTimeoutMs} ms`,
      hint: 'look at what it printed, or give it more time: startTimeout',
      evidence,
    })
  const how =
    end.kind === 'exited' ? `ended with exit code ${end.code}` : end.kind === 'unstartable' ? end.detail : 'was ended'
  return new SluiceError('start_failed', {
    detail: `service ${name} ${how}`,
    hint: 'look at what it printed',
    evidence,
  })
}

/** Takes leave in order: a service may take a reset for an error, and end. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.unref().resume()
    socket.once('connect', () => {
      socket.end()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
