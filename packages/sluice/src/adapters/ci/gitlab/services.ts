/**
 * `services`: programs beside a job. GitLab starts containers that answer under their name (`postgres:5432`); here they are programs of this machine on free
 * ports, so variables that name such an address get the real one.
 */
import type { PlannedService, Texts } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected } from './check-keys.ts'
import type { PipelineJob, PipelineScope } from './jobs.ts'
import type { Notes } from './notes.ts'
import { itemsOf, type MapTree, type Tree, textOf, valueOf } from './tree.ts'
import { variablesOf } from './variables.ts'

/** Ports that images listen on, by the last part of their names. */
const knownPorts: Readonly<Record<string, number>> = {
  postgres: 5432,
  postgresql: 5432,
  postgis: 5432,
  redis: 6379,
  valkey: 6379,
  mysql: 3306,
  mariadb: 3306,
  mongo: 27_017,
  memcached: 11_211,
  rabbitmq: 5672,
  elasticsearch: 9200,
  opensearch: 9200,
  nats: 4222,
  minio: 9000,
  docker: 2375,
  nginx: 80,
}

/** The services of a job. Variables of the job that say `<alias>` or `<alias>:<port>` are filled in with the real address. */
export const servicesOf = (job: PipelineJob, { notes, context }: PipelineScope): readonly PlannedService[] =>
  itemsOf(valueOf(job.tree, 'services')).flatMap((item) => {
    const image = imageOf(item, job)
    if (image === null) return []
    if (image === '') {
      const spot = { key: `${job.baseName}.services`, place: item.place }
      notes.error(spot, 'the image of a service is named by a variable that only the run would know')
      return []
    }
    const names = aliasesOf(item, image, job)
    const [name = 'service', ...aliases] = names
    const missing = context.missingFor?.(image) ?? null
    if (missing !== null)
      notes.warn({ key: `${job.baseName}.services`, place: item.place }, `the job will fail: ${missing}`)
    const port = knownPorts[lastPart(image)]
    const own = [...variablesOf(valueOf(item, 'variables'))].map(
      ([key, { value, isRaw }]) => [key, isRaw ? value : job.filler.text(value)] as const,
    )
    const service: PlannedService = {
      name,
      ...(aliases.length === 0 ? {} : { aliases }),
      image,
      command: null,
      env: { ...fileVariables(job), ...Object.fromEntries(own) },
      exports: exportsOf(job, names, port ?? null),
      ports: port === undefined ? [] : [port],
      healthCommand: null,
      startTimeoutMs: limits.gitlabServiceStartMs,
    }
    return [service]
  })

const imageOf = (item: Tree, { filler }: PipelineJob): string | null => {
  const written = textOf(item.kind === 'map' ? valueOf(item, 'name') : item)
  return written === null ? null : filler.text(written)
}

/** `tutum/wordpress:5` answers as `tutum-wordpress` and `tutum__wordpress`; an alias may be several names. */
const aliasesOf = (item: Tree, image: string, { filler }: PipelineJob): readonly string[] => {
  const alias = textOf(valueOf(item, 'alias'))
  if (alias !== null) return filler.text(alias).split(/[\s,]+/)
  const bare = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  return [...new Set([bare.replaceAll('/', '-'), bare.replaceAll('/', '__')])]
}

const lastPart = (image: string): string => /([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1] ?? image

/** What the file says for the job; services get it as well (`POSTGRES_DB`). */
const fileVariables = ({ variables, filler }: PipelineJob): Texts =>
  Object.fromEntries(
    [...variables].flatMap(([name, { layer, isFile, isMasked }]) =>
      layer === 'file' && !isFile && !isMasked ? [[name, filler.text(`$${name}`)] as const] : [],
    ),
  )

const exportsOf = (job: PipelineJob, names: readonly string[], port: number | null): Texts => {
  const found = Object.entries(fileVariables(job)).flatMap(([key, value]) => {
    const text = withAddress(key, value, { names, port })
    return text === value ? [] : [[key, text] as const]
  })
  return Object.fromEntries(found)
}

type Address = { readonly names: readonly string[]; readonly port: number | null }

const withAddress = (key: string, value: string, { names, port }: Address): string => {
  const [name = ''] = names
  // `REDIS_PORT: 6379` beside a service called redis; any other number may mean anything.
  const isPort = port !== null && value === String(port) && key.toUpperCase().includes(`${name.toUpperCase()}_PORT`)
  if (isPort) return '{port}'
  return names.reduce((text, one) => {
    // `POSTGRES_USER: postgres` names nobody's address.
    if (text === one) return /HOST|SERVER|ADDRESS/i.test(key) ? '{host}' : text
    if (port === null) return text
    const host = one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    return text
      .replaceAll(new RegExp(`(?<=^|[@/,;=\\s])${host}:${port}(?!\\d)`, 'g'), '{host}:{port}')
      .replaceAll(new RegExp(`(?<=://(?:[^/@\\s]*@)?)${host}(?=[/?]|$)`, 'g'), '{host}:{port}')
  }, value)
}

/** Checks the services of a job, once for all legs. */
export const checkServices = (tree: MapTree, key: string, notes: Notes): void => {
  for (const [index, item] of itemsOf(valueOf(tree, 'services')).entries()) {
    const path = `${key}.services[${index}]`
    checkKeys(item, 'service', { key: path, notes })
    if (textOf(item.kind === 'map' ? valueOf(item, 'name') : item) === null)
      expected(notes, { key: path, place: item.place }, 'the name of an image')
  }
}
