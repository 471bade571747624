/** Reads what a route looks at besides shares. A documented parser: every field is looked at before it is believed. */
import type { Sticky } from '../../core/model.ts'
import { releaseId } from '../../core/model.ts'
import type { ArmName, ListenAddress, Maintenance, Route, RouteMatch, RouteRule, Upstream } from '../../core/routing.ts'
import { type Fields, fields, idOf, list, named, number, text, whole, wrong } from './fields.ts'

/** A port. */
const port = (value: unknown, name: string): number => {
  const found = whole(value, name)
  return found >= 1 && found <= 65_535 ? found : wrong(`${name} is not a port`)
}

const upstream = (value: unknown): Upstream => {
  const each = fields(value, 'an upstream')
  return {
    instance: named(each['instance'], 'upstream.instance'),
    host: named(each['host'], 'upstream.host'),
    port: port(each['port'], 'upstream.port'),
  }
}

/** Upstreams. */
export const upstreams = (value: unknown): readonly Upstream[] => list(value, 'upstreams').map(upstream)

const armNames: readonly ArmName[] = ['stable', 'candidate', 'holdback']

/** The name of an arm. */
export const armName = (value: unknown): ArmName =>
  armNames.find((name) => name === value) ?? wrong('an arm has no known name')

const fieldForm = /^[!#$%&'*+.^_`|~\w-]{1,128}$/

const fieldName = (value: unknown, name: string): string =>
  fieldForm.test(text(value, name)) ? text(value, name) : wrong(`${name} is no name`)

/** How a client is kept on one arm. */
export const sticky = (value: unknown): Sticky => {
  const { kind, name, from, fallback } = fields(value, 'sticky')
  if (kind === 'none') return { kind }
  if (kind === 'cookie' || kind === 'header') return { kind, name: fieldName(name, 'sticky.name') }
  if (kind !== 'user' || (from !== 'cookie' && from !== 'header')) return wrong('sticky.kind is not known')
  return { kind, from, name: fieldName(name, 'sticky.name'), fallback: fieldName(fallback, 'sticky.fallback') }
}

const match = (value: unknown): RouteMatch => {
  const { kind, name, value: wanted } = fields(value, 'a match')
  if (kind !== 'header' && kind !== 'cookie') return wrong('a match is neither of a header nor of a cookie')
  const found = { kind, name: fieldName(name, 'match.name') } as const
  if (wanted === null) return { ...found, value: null }
  const { kind: how, text: words } = fields(wanted, 'match.value')
  if (how !== 'equals' && how !== 'startsWith') return wrong('match.value.kind is not known')
  return { ...found, value: { kind: how, text: text(words, 'match.value.text') } }
}

const matches = (value: unknown, name: string): readonly RouteMatch[] => {
  const found = list(value, name).map(match)
  return found.length > 0 ? found : wrong(`${name} is empty`)
}

const rule = (value: unknown): RouteRule => {
  const each = fields(value, 'a rule')
  return { arm: armName(each['arm']), all: matches(each['all'], 'rule.all') }
}

const mirror = (value: unknown): NonNullable<Route['mirror']> => {
  const each = fields(value, 'mirror')
  const { methods } = each
  return {
    shareBp: whole(each['shareBp'], 'mirror.shareBp'),
    release: idOf(releaseId, each['release'], 'mirror.release'),
    upstreams: upstreams(each['upstreams']),
    ...(methods === undefined ? {} : { methods: list(methods, 'mirror.methods').map((one) => named(one, 'a method')) }),
  }
}

/** Where something listens. */
export const listenAddress = (value: unknown, name: string): ListenAddress => {
  const each = fields(value, `route.${name}`)
  return { host: named(each['host'], `${name}.host`), port: port(each['port'], `${name}.port`) }
}

const overlap = (value: unknown): NonNullable<Route['overlap']>[number] => {
  const each = fields(value, 'overlap')
  return { release: idOf(releaseId, each['release'], 'overlap.release'), upstreams: upstreams(each['upstreams']) }
}

const skew = (value: unknown): NonNullable<Route['skew']> => {
  const each = fields(value, 'skew')
  return { cookie: fieldName(each['cookie'], 'skew.cookie'), maxAgeMs: number(each['maxAgeMs'], 'skew.maxAgeMs') }
}

const drain = (value: unknown): NonNullable<Route['drain']> => {
  const each = fields(value, 'drain')
  return { idleMs: number(each['idleMs'], 'drain.idleMs'), maxAgeMs: number(each['maxAgeMs'], 'drain.maxAgeMs') }
}

const assetPath = (value: unknown): string => {
  const path = named(value, 'an asset path')
  return /^\/[\x21-\x7e]*$/.test(path) ? path : wrong('an asset path is not a path')
}

type Steered = Pick<Route, 'rules' | 'mirror' | 'skew' | 'overlap' | 'assets' | 'bypass' | 'drain' | 'preview'>

/** What of a route is absent unless it is configured. */
export const steered = (each: Fields): Steered => ({
  ...(each['preview'] === undefined ? {} : { preview: listenAddress(each['preview'], 'preview') }),
  ...(each['rules'] === undefined ? {} : { rules: list(each['rules'], 'rules').map(rule) }),
  ...(each['mirror'] === undefined ? {} : { mirror: mirror(each['mirror']) }),
  ...(each['skew'] === undefined ? {} : { skew: skew(each['skew']) }),
  ...(each['overlap'] === undefined ? {} : { overlap: list(each['overlap'], 'overlap').map(overlap) }),
  ...(each['assets'] === undefined ? {} : { assets: list(each['assets'], 'assets').map(assetPath) }),
  ...(each['bypass'] === undefined ? {} : { bypass: matches(each['bypass'], 'bypass') }),
  ...(each['drain'] === undefined ? {} : { drain: drain(each['drain']) }),
})

/** Maintenance, or null for its end. */
export const maintenance = (value: unknown): Maintenance | null => {
  if (value === null) return null
  const { kind, html, retryAfterMs, untilAt } = fields(value, 'maintenance')
  if (kind === 'hold') return { kind, untilAt: number(untilAt, 'maintenance.untilAt') }
  if (kind !== 'page') return wrong('maintenance.kind is not known')
  if (html !== null && typeof html !== 'string') return wrong('maintenance.html is not a text')
  return { kind, html, retryAfterMs: number(retryAfterMs, 'maintenance.retryAfterMs') }
}
