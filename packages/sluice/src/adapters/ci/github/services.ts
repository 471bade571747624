/** `jobs.<job>.services`: containers on GitHub, programs of this machine (or containers, where there is Docker) here. */
import type { JsonValue, PlannedService, Texts } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import type { Fields } from './definition.ts'
import { isMapping, textOf } from './expressions.ts'

/** Services of a job, and what of them is not as written. */
export type Services = { readonly services: readonly PlannedService[]; readonly remarks: readonly Remark[] }

/** Something about one service: which (`postgres.volumes`), and a sentence. */
export type Remark = { readonly key: string; readonly message: string }

/**
 * Reads evaluated services. A service with an empty image is left out, as GitHub does. Each gives its steps `<NAME>_HOST` and `<NAME>_PORT`; `job.services.<name>.ports` has the same.
 * What only a container has (volumes, credentials, options but health checks) is remarked.
 */
export const servicesOf = (written: JsonValue): Services => {
  const services: PlannedService[] = []
  const remarks: Remark[] = []
  for (const [name, body] of Object.entries(isMapping(written) ? written : {})) {
    const fields: Fields = isMapping(body) ? body : { image: body }
    const image = textOf(fields['image'] ?? null)
    if (image === '') continue
    const ports = portsOf(fields['ports'])
    const options = optionsOf(textOf(fields['options'] ?? null))
    remarks.push(...remarksOf(name, fields, ports), ...options.unread.map((option) => unreadOption(name, option)))
    services.push({
      name,
      image,
      command: null,
      env: envOf(fields['env']),
      exports: { [hostVariable(name)]: '{host}', [portVariable(name)]: '{port}' },
      ports: ports.map(({ inside }) => inside),
      ...(ports.some(({ outside }) => outside !== null) ? { published: ports.map(({ outside }) => outside) } : {}),
      healthCommand: options.healthCommand,
      startTimeoutMs: options.startTimeoutMs,
    })
  }
  return { services, remarks }
}

/** Name of the variable that has a service's port. */
export const portVariable = (name: string): string => `${name.toUpperCase().replaceAll(/\W/g, '_')}_PORT`

const hostVariable = (name: string): string => `${name.toUpperCase().replaceAll(/\W/g, '_')}_HOST`

type Port = { readonly inside: number; readonly outside: number | null }

/** `5432`, `5432:5432`, `127.0.0.1:5432:5432/tcp`. */
const portsOf = (written: JsonValue | undefined): readonly Port[] =>
  (Array.isArray(written) ? written : []).flatMap((port: JsonValue) => {
    const parts = textOf(port)
      .replace(/\/(?:tcp|udp)$/, '')
      .split(':')
    const inside = Number(parts.at(-1))
    const outside = parts.length > 1 ? Number(parts.at(-2)) : null
    return Number.isInteger(inside) && inside > 0 ? [{ inside, outside }] : []
  })

const envOf = (written: JsonValue | undefined): Texts =>
  Object.fromEntries(Object.entries(isMapping(written) ? written : {}).map(([name, value]) => [name, textOf(value)]))

const remarksOf = (name: string, fields: Fields, ports: readonly Port[]): readonly Remark[] => [
  ...['volumes', 'credentials', 'entrypoint', 'command']
    .filter((key) => fields[key] !== undefined)
    .map((key) => ({ key: `${name}.${key}`, message: `${key} of a service means something in a container only` })),
  ...ports
    .filter(({ outside }) => outside !== null)
    .map(({ inside, outside }) => ({
      key: `${name}.ports`,
      message: `the service gets port ${outside} only where nobody has it, another run for instance, else a free one: use \${{ job.services.${name}.ports['${inside}'] }} or $${portVariable(name)}`,
    })),
]

const unreadOption = (name: string, option: string): Remark => ({
  key: `${name}.options`,
  message: `${option} means something in a container only`,
})

type Options = {
  readonly healthCommand: string | null
  readonly startTimeoutMs: number
  readonly unread: readonly string[]
}

/** Options of `docker create`: the health check is read, the rest is told. */
const optionsOf = (text: string): Options => {
  const found = new Map<string, string>()
  const words = [...text.matchAll(/--([\w-]+)(?:[=\s]+("[^"]*"|'[^']*'|[^-\s]\S*))?/g)]
  for (const [, name = '', value = ''] of words) found.set(name, value.replaceAll(/^["']|["']$/g, ''))
  const interval = durationMs(found.get('health-interval')) ?? 0
  const patience =
    interval * Number(found.get('health-retries') ?? 0) + (durationMs(found.get('health-start-period')) ?? 0)
  return {
    healthCommand: found.get('health-cmd') ?? null,
    startTimeoutMs: Math.max(limits.serviceStartMs, patience),
    unread: [...found.keys()].filter((name) => !readOptions.has(name)).map((name) => `--${name}`),
  }
}

const readOptions: ReadonlySet<string> = new Set([
  'health-cmd',
  'health-interval',
  'health-timeout',
  'health-retries',
  'health-start-period',
])

/** `10s`, `500ms`, `1m30s` in milliseconds. */
const durationMs = (text: string | undefined): number | null => {
  if (text === undefined) return null
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0) return null
  return parts.reduce((sum, [, count = '0', unit = 's']) => sum + Number(count) * (unitsMs[unit] ?? 0), 0)
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
