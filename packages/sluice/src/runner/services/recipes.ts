/**
 * How well-known services run from the machine's own binaries, as words. Their data is thrown away with the job, so nothing is synced to the disk.
 * Sources: initdb(1) and postgres(1) of PostgreSQL 13–17, redis-server(1) 6–8, mariadb-install-db(1) and mariadbd(8) 10–11, mysqld(8) 8; variables are
 * those of the images of the same names (Docker Hub, 2026).
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PlannedService, Texts } from '../../core/pipeline/job-plan.ts'
import { findProgram } from '../../lib/processes/find-program.ts'

/** Where a service runs. */
export type Place = {
  readonly port: number
  /** A folder of the service's own. */
  readonly folder: string
  /** Where programs are looked for. */
  readonly path: string
}

/** What to run, in this order: `prepare`, `serve` beside the rest, `isReady` until it succeeds, `finish`. */
export type Recipe = {
  readonly prepare: readonly (readonly string[])[]
  readonly serve: readonly string[]
  /** Null: a connection to the port. */
  readonly isReady: readonly string[] | null
  readonly finish: readonly (readonly string[])[]
  readonly env: Texts
  /** Files to write before anything else, by name in the folder; only the program's account reads them. Passwords go there, and never into words. */
  readonly files: Texts
  /** What the steps get besides host and port. */
  readonly exports: Texts
  /** The port inside a container of the image. */
  readonly usualPort: number | null
  /** Whether the program refuses to run as root; the account that it runs under is then this one, if there is such, or nobody's. */
  readonly account: string | null
  /** What runs, for the log. */
  readonly program: string
}

/** A kind of service that runs without a container. */
export type ServiceKind = 'postgres' | 'redis' | 'mysql'

/** The kind that an image is of; null for any other. */
export const kindOf = (image: string): ServiceKind | null => {
  const name = image.split('@')[0]?.split('/').at(-1)?.split(':')[0] ?? ''
  if (/^(?:postgres|postgresql|postgis|timescaledb|pgvector)$/.test(name)) return 'postgres'
  if (/^(?:redis|valkey)$/.test(name)) return 'redis'
  return /^(?:mysql|mariadb)$/.test(name) ? 'mysql' : null
}

/** What to install where a kind has no binaries (Debian's names). */
export const packagesOf: Readonly<Record<ServiceKind, string>> = {
  postgres: 'postgresql',
  redis: 'redis-server',
  mysql: 'mariadb-server',
}

/** The recipe of a kind; null when its programs are not there. */
export const recipeOf = (kind: ServiceKind, service: PlannedService, place: Place): Recipe | null => {
  switch (kind) {
    case 'postgres':
      return postgres(service, place)
    case 'redis':
      return redis(place)
    case 'mysql':
      return mysql(service, place)
  }
}

/** The recipe of a service that is a command of the project's: it listens on `$PORT`. */
export const commandRecipe = (command: string, { port }: Place): Recipe => ({
  ...nothing,
  serve: ['sh', '-c', command],
  env: { PORT: String(port) },
  program: command,
})

const nothing = {
  prepare: [],
  isReady: null,
  finish: [],
  env: {},
  files: {},
  exports: {},
  usualPort: null,
  account: null,
} as const

const postgres = ({ image, env }: PlannedService, { port, folder, path }: Place): Recipe | null => {
  const wanted = /:(\d+)/.exec(image ?? '')?.[1] ?? null
  const bin = postgresFolder(path, wanted)
  if (bin === null) return null
  const user = env['POSTGRES_USER'] ?? 'postgres'
  const password = env['POSTGRES_PASSWORD'] ?? ''
  const database = env['POSTGRES_DB'] ?? user
  const data = join(folder, 'data')
  const auth = password === '' ? 'trust' : 'scram-sha-256'
  const settings = ['listen_addresses=localhost', `unix_socket_directories=${folder}`, ...notDurable]
  const login = password === '' ? user : `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return {
    prepare: [
      [
        join(bin, 'initdb'),
        '-D',
        data,
        '-U',
        user,
        ...clusterWords(auth),
        ...(password === '' ? [] : ['--pwfile', join(folder, 'password')]),
      ],
    ],
    serve: [join(bin, 'postgres'), '-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    isReady: [join(bin, 'pg_isready'), '-q', '-h', folder, '-p', String(port), '-U', user, '-d', 'postgres'],
    finish:
      database === 'postgres'
        ? []
        : [[join(bin, 'createdb'), '-h', folder, '-p', String(port), '-U', user, '-T', 'template0', database]],
    env: {},
    files: password === '' ? {} : { password: `${password}\n` },
    exports: { DATABASE_URL: `postgresql://${login}@127.0.0.1:${port}/${encodeURIComponent(database)}` },
    usualPort: 5432,
    account: 'postgres',
    program: bin,
  }
}

const notDurable = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

const clusterWords = (auth: string): readonly string[] => [
  '--auth-local=trust',
  `--auth-host=${auth}`,
  '--encoding=UTF8',
  '--locale=C.UTF-8',
  '--no-sync',
  '--no-instructions',
]

/** Debian keeps servers by major version outside of the path; the image's version is preferred, then the newest. */
const postgresFolder = (path: string, wanted: string | null): string | null => {
  const home = '/usr/lib/postgresql'
  const versions = foldersOf(home).toSorted((a, b) => Number(b) - Number(a))
  const ordered = [...versions.filter((one) => one === wanted), ...versions].map((one) => join(home, one, 'bin'))
  return (
    [...ordered, ...path.split(':')].find(
      (folder) => findProgram('initdb', folder) !== null && findProgram('postgres', folder) !== null,
    ) ?? null
  )
}

const foldersOf = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

const redis = ({ port, folder, path }: Place): Recipe | null => {
  const program = findProgram('redis-server', path) ?? findProgram('valkey-server', path)
  if (program === null) return null
  const words = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '-::1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  return {
    ...nothing,
    serve: [program, ...words, '--daemonize', 'no'],
    exports: { REDIS_URL: `redis://127.0.0.1:${port}` },
    usualPort: 6379,
    program,
  }
}

const mysql = ({ env }: PlannedService, { port, folder, path }: Place): Recipe | null => {
  const wide = `${path}:/usr/sbin:/usr/libexec`
  const server = findProgram('mariadbd', wide) ?? findProgram('mysqld', wide)
  const client = findProgram('mariadb', wide) ?? findProgram('mysql', wide)
  const admin = findProgram('mariadb-admin', wide) ?? findProgram('mysqladmin', wide)
  if (server === null || client === null || admin === null) return null
  const install = findProgram('mariadb-install-db', wide) ?? findProgram('mysql_install_db', wide)
  const data = join(folder, 'data')
  const socket = join(folder, 'socket')
  const variable = (name: string): string | null => env[`MARIADB_${name}`] ?? env[`MYSQL_${name}`] ?? null
  const user = variable('USER')
  const password = (user === null ? variable('ROOT_PASSWORD') : variable('PASSWORD')) ?? ''
  const database = variable('DATABASE')
  const login = `${encodeURIComponent(user ?? 'root')}${password === '' ? '' : `:${encodeURIComponent(password)}`}`
  return {
    ...nothing,
    prepare: [
      install === null
        ? [server, '--no-defaults', '--initialize-insecure', `--datadir=${data}`]
        : [install, '--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    ],
    serve: [
      server,
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${socket}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${join(folder, 'pid')}`,
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
    ],
    isReady: [admin, '--no-defaults', `--socket=${socket}`, '-u', 'root', 'ping'],
    // From a file: whatever stands among a program's words, every account of the machine can read.
    finish: [
      [
        'sh',
        '-c',
        'file=$1; shift; exec "$@" < "$file"',
        'sh',
        join(folder, accountsFile),
        client,
        '--no-defaults',
        `--socket=${socket}`,
        '-u',
        'root',
      ],
    ],
    files: { [accountsFile]: accounts(variable) },
    exports: { DATABASE_URL: `mysql://${login}@127.0.0.1:${port}/${encodeURIComponent(database ?? '')}` },
    usualPort: 3306,
    account: 'mysql',
    program: server,
  }
}

const accountsFile = 'accounts.sql'

/** What the images make of their variables, as SQL. Root's password comes last: it ends what may be done without one. */
const accounts = (variable: (name: string) => string | null): string => {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const database = variable('DATABASE')
  const user = variable('USER')
  const name = database === null ? null : `\`${database.replaceAll('`', '``')}\``
  const statements = [
    ...(name === null ? [] : [`CREATE DATABASE ${name}`]),
    ...(user === null ? [] : [`CREATE USER ${quoted(user)}@'%' IDENTIFIED BY ${quoted(variable('PASSWORD') ?? '')}`]),
    ...(user === null || name === null ? [] : [`GRANT ALL ON ${name}.* TO ${quoted(user)}@'%'`]),
    `ALTER USER 'root'@'localhost' IDENTIFIED BY ${quoted(variable('ROOT_PASSWORD') ?? '')}`,
  ]
  return statements.map((statement) => `${statement};\n`).join('')
}
