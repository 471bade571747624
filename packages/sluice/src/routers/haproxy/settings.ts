/** The configuration of HAProxy for one route. What changes while it runs (the split, the servers) goes over its sockets and is written here only for the next start. */
import { createHash } from 'node:crypto'
import { SluiceError } from '../../core/errors.ts'
import type { Sticky } from '../../core/model.ts'
import type { Route, RouteMatch, RouteRule, Upstream } from '../../core/routing.ts'
import { latencyBucketsMs } from '../../core/routing.ts'
import type { Place } from './place.ts'
import { planKey, slotCount, slotName } from './plan.ts'
import { haproxyLimits } from './limits.ts'

/** Name of a server: another address is another server, so that the old one can end what it has. */
export const serverName = ({ instance, port }: Upstream): string => `${instance}_${port}`

/** How the health of a server is asked for, in the words of both `server` and `add server`. */
export const checkWords = ({ health }: Route): string =>
  `check inter ${health.intervalMs} rise ${health.healthyAfter} fall ${health.unhealthyAfter}`

/** A server's address in HAProxy's words. */
export const addressOf = ({ host, port }: Upstream): string => `${host}:${port}`

/** What a running process is known by: it says this text of itself. */
export const digestOf = (route: Route, place: Place): string =>
  createHash('sha256').update(fixedPart(route, place)).digest('hex').slice(0, 32)

/** The whole configuration; `servers` by backend. */
export const settingsText = (route: Route, place: Place, servers: readonly (readonly Upstream[])[]): string => {
  const backends = Array.from({ length: slotCount }, (_, index) => [
    `backend ${slotName(index)}`,
    '  balance leastconn',
    ...(servers[index] ?? []).map(
      (upstream) => `  server ${serverName(upstream)} ${addressOf(upstream)} ${checkWords(route)}`,
    ),
  ])
  return ['global', `  description ${digestOf(route, place)}`, fixedPart(route, place), ...backends.flat(), ''].join(
    '\n',
  )
}

/** What of a route this router knows. Anything else (a mirror, skew protection, what comes later) is refused rather than left out in silence. */
const honoured: ReadonlySet<string> = new Set([
  'service',
  'environment',
  'listen',
  'router',
  'fence',
  'arms',
  'sticky',
  'salt',
  'tripwire',
  'health',
  'rules',
])
const stickyKinds: ReadonlySet<string> = new Set(['none', 'cookie', 'header'])

/** Refuses a route that HAProxy cannot honour. */
export const refuseUnable = (route: Route): void => {
  const unknown = Object.entries(route).flatMap(([field, value]) =>
    value === undefined || honoured.has(field) ? [] : [field],
  )
  if (route.tripwire?.policy.latency !== undefined) unknown.push('judging of latency')
  if (!stickyKinds.has(route.sticky.kind)) unknown.push(`sticky by ${route.sticky.kind}`)
  if (unknown.length === 0) return
  throw new SluiceError('usage_invalid', {
    detail: `${route.service} in ${route.environment}: the HAProxy router cannot honour ${unknown.join(', ')}`,
    hint: "use router: 'gateway' for this environment, or leave that setting out",
  })
}

const fixedPart = (route: Route, place: Place): string =>
  [
    '  noreuseport',
    `  hard-stop-after ${haproxyLimits.oldWorkerMs}ms`,
    `  stats socket ${quoted(place.adminSocket)} mode 600 level admin expose-fd listeners`,
    '  stats timeout 20d',
    `  lua-load-per-thread ${quoted(place.scriptFile)}`,
    ...defaults(route),
    'frontend front',
    `  bind ${addressOf({ instance: '', ...route.listen })}`,
    ...choose(route, place),
    ...forward,
    ...count(route.sticky),
    '  use_backend %[var(txn.slot)]',
    'backend counts',
    `  stick-table type string len 40 size ${haproxyLimits.rowsMax} store gpc(${4 + latencyBucketsMs.length})`,
    'backend units',
    `  stick-table type string len 100 size ${haproxyLimits.unitsMax} expire 1d store gpc(3)`,
  ].join('\n')

const defaults = ({ health }: Route): readonly string[] => [
  'defaults',
  '  mode http',
  '  timeout connect 2s',
  '  timeout http-request 10s',
  '  timeout http-keep-alive 65s',
  '  timeout client 60s',
  '  timeout server 60s',
  '  timeout tunnel 1h',
  `  timeout check ${health.timeoutMs}ms`,
  '  retries 3',
  '  option redispatch 1',
  '  retry-on conn-failure empty-response',
  '  option httpchk',
  `  http-check send meth GET uri ${quoted(health.path)} ver HTTP/1.1 hdr host localhost hdr user-agent sluice-probe`,
  '  http-check expect status 200-399',
]

/** Which arm a request goes to, as `core/routing-pick.ts` says it, or as a rule forces it. */
const choose = (route: Route, { mapFile }: Place): readonly string[] => [
  `  http-request set-var(txn.plan) str(${planKey}),map_str(${mapFile})`,
  '  http-request lua.sluice_hold if { var(txn.plan),field(6,|) -m str hold }',
  '  http-request deny deny_status 503 if { var(txn.plan),field(6,|) -m str hold }',
  '  http-request set-var(txn.generation) var(txn.plan),field(1,|)',
  '  http-request set-var(txn.rollout) var(txn.plan),field(2,|)',
  '  http-request set-var(txn.low) var(txn.plan),field(3,|),add(0)',
  '  http-request set-var(txn.high) var(txn.plan),field(4,|),add(0)',
  '  http-request set-var(txn.seed) var(txn.plan),field(5,|),add(0)',
  '  http-request set-var(txn.point) rand(10000)',
  ...stick(route.sticky),
  ...(route.rules ?? []).map(force),
  '  http-request set-var(txn.forced) bool(true) if { var(txn.arm) -m found }',
  '  http-request set-var(txn.arm) str(candidate) if !{ var(txn.arm) -m found } { var(txn.point),sub(txn.low) lt 0 }',
  '  http-request set-var(txn.arm) str(holdback) if !{ var(txn.arm) -m found } { var(txn.point),sub(txn.high) ge 0 }',
  '  http-request set-var(txn.arm) str(stable) if !{ var(txn.arm) -m found }',
  '  http-request set-var(txn.stable) var(txn.plan),field(6,|)',
  '  http-request set-var(txn.slot) var(txn.stable)',
  '  http-request set-var(txn.slot) var(txn.plan),field(7,|) if { var(txn.arm) -m str candidate }',
  '  http-request set-var(txn.slot) var(txn.plan),field(8,|) if { var(txn.arm) -m str holdback }',
  // Where nobody of the arm answers, stable does: a broken candidate costs no user more than it must, and its health is told.
  '  http-request set-var(txn.forced) bool(true) if { var(txn.slot),nbsrv eq 0 } { var(txn.stable),nbsrv gt 0 }',
  '  http-request set-var(txn.slot) var(txn.stable) if { var(txn.slot),nbsrv eq 0 } { var(txn.stable),nbsrv gt 0 }',
  '  http-request deny deny_status 503 if { var(txn.slot) -m str none }',
]

const issuedKey = '^[0-9a-f]{32}$'

const stick = (sticky: Sticky): readonly string[] => {
  if (sticky.kind === 'none') return []
  const name = nameOf(sticky.name)
  const read =
    sticky.kind === 'header'
      ? [`  http-request set-var(txn.key) req.fhdr(${name}),bytes(0,512) if { req.fhdr(${name}) -m len gt 0 }`]
      : [
          `  http-request set-var(txn.key) req.cook(${name}) if { req.cook(${name}) -m reg ${issuedKey} }`,
          '  http-request set-var(txn.issued) uuid,regsub(-,,g) if !{ var(txn.key) -m found }',
          '  http-request set-var(txn.key) var(txn.issued) if { var(txn.issued) -m found }',
          `  http-after-response add-header set-cookie "${name}=%[var(txn.issued)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.issued) -m found }`,
        ]
  return [...read, '  http-request lua.sluice_point if { var(txn.key) -m found }']
}

const force = ({ arm, all }: RouteRule): string =>
  `  http-request set-var(txn.arm) str(${arm}) if !{ var(txn.arm) -m found } !{ var(txn.plan),field(${fieldOf[arm]},|) -m str none } ${all.map(condition).join(' ')}`

const fieldOf = { stable: 6, candidate: 7, holdback: 8 } as const

const condition = ({ kind, name, value }: RouteMatch): string => {
  const sample = kind === 'header' ? `req.fhdr(${nameOf(name)})` : `req.cook(${nameOf(name)})`
  if (value === null) return `{ ${sample} -m found }`
  return `{ ${sample} -m ${value.kind === 'equals' ? 'str' : 'beg'} -- ${quoted(value.text)} }`
}

const forward: readonly string[] = [
  '  http-request set-header x-forwarded-for %[src]',
  '  http-request set-header x-forwarded-proto http',
  '  http-request set-header x-forwarded-host %[req.hdr(host)] if { req.hdr(host) -m found }',
  '  http-request set-header x-request-id %[uuid] if !{ req.hdr(x-request-id) -m found }',
  // What an instance may have begun is not repeated unless that changes nothing (RFC 9110 section 9.2.2).
  '  http-request disable-l7-retry if !{ method GET HEAD OPTIONS TRACE PUT DELETE } or { req.body_size gt 0 }',
]

/** Columns of a row: requests, bad ones, units, bad units, then answers within each bound. Rules run for answers that HAProxy itself gives as well. */
const count = ({ kind }: Sticky): readonly string[] => {
  const isCounted = '!{ var(txn.forced) -m found } { var(txn.row) -m found }'
  const inColumn = (column: number, condition: string): string =>
    `  http-after-response set-var(txn.count) sc_inc_gpc(${column},0) if ${isCounted} ${condition}`
  const keyless = '!{ var(txn.unit) -m found }'
  const side = (arms: string, column: number): readonly string[] => [
    `  http-after-response set-var(txn.seen) sc_inc_gpc(${column},1) if ${isCounted} { var(txn.unit) -m found } ${arms}`,
  ]
  const sticky = [
    '  http-request track-sc1 var(txn.unit) table units if { var(txn.unit) -m found } !{ var(txn.forced) -m found }',
    ...side('{ var(txn.arm) -m str candidate }', 2),
    ...side('!{ var(txn.arm) -m str candidate }', 1),
    inColumn(2, '{ var(txn.seen) -m int 1 }'),
    `  http-after-response set-var(txn.badness) sc_inc_gpc(0,1) if ${isCounted} { var(txn.unit) -m found } { status ge 500 }`,
    inColumn(3, '{ var(txn.badness) -m int 1 }'),
  ]
  return [
    '  http-request set-var(txn.startedAt) date(0,ms)',
    '  http-request set-var(txn.row) var(txn.generation),concat(/,txn.arm,)',
    '  http-request track-sc0 var(txn.row) table counts if !{ var(txn.forced) -m found }',
    ...(kind === 'none' ? [] : sticky),
    inColumn(0, ''),
    inColumn(1, '{ status ge 500 }'),
    inColumn(2, keyless),
    inColumn(3, `${keyless} { status ge 500 }`),
    '  http-after-response set-var(txn.tookMs) date(0,ms),sub(txn.startedAt)',
    ...latencyBucketsMs.map((bound, index) => inColumn(4 + index, `{ var(txn.tookMs) -m int le ${bound} }`)),
  ]
}

/** One word, taken as it is. */
const quoted = (text: string): string => {
  if (!/[\n\r\0]/.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  throw new SluiceError('usage_invalid', { detail: `HAProxy takes no line breaks: ${JSON.stringify(text)}` })
}

const nameOf = (name: string): string => {
  if (/^[A-Za-z0-9_.-]+$/.test(name)) return name
  throw new SluiceError('usage_invalid', {
    detail: `the HAProxy router cannot look for a header or cookie called ${JSON.stringify(name)}`,
    hint: 'use a name of letters, digits, dots, hyphens and underscores',
  })
}
