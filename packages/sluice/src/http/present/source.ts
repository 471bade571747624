/** Where commits come from as the API tells it. */
import { plainAddress, addressOf } from '../../core/source/address.ts'
import type { SourceRules } from '../../core/source/rules.ts'
import type { Arrival, ArrivalSource } from '../../core/source/types.ts'
import type { Looking } from '../../engine/keepers/source-keeper.ts'
import type { ArrivalView, SourceView, SourceWayView } from '../client/source-views.ts'
import type { HookKeys } from '../hook-keys.ts'

/** An arrival as it stands. */
export const arrivalView = (arrival: Arrival): ArrivalView => {
  const { hint, receivedAt, status } = arrival
  const { id, from, event, ref, sender, delivery, url, title, pullRequest } = hint
  return {
    id,
    from,
    event,
    ref,
    status,
    because: becauseOf(arrival),
    commit: 'commit' in arrival ? arrival.commit : null,
    runs: arrival.status === 'started' ? arrival.runs : [],
    sender,
    delivery,
    url,
    title,
    pullRequest: pullRequest?.number ?? null,
    receivedAt,
    settledAt: 'settledAt' in arrival ? arrival.settledAt : null,
  }
}

const becauseOf = (arrival: Arrival): string | null => {
  switch (arrival.status) {
    case 'received':
    case 'fetched':
      return arrival.trouble
    case 'ignored':
      return arrival.because
    case 'failed':
      return arrival.detail
    case 'started':
      return null
  }
}

/** What is known of the source: its rules and secrets, how looking goes, and the newest arrivals. */
export type Known = { readonly keys: HookKeys; readonly looking: Looking; readonly arrivals: readonly Arrival[] }

/** Every way by which commits may come, and those by which some came. */
export const sourceView = ({ keys, looking, arrivals }: Known): SourceView => {
  const { rules } = keys
  const poll = rules?.poll ?? null
  const remote = rules === null ? null : plainAddress(addressOf(rules).address)
  const named = rules === null ? [] : waysOf(rules, keys)
  const others = [...new Set(arrivals.map(({ hint }) => hint.from))]
    .filter((from) => !named.some(({ kind }) => kind === from))
    .map((kind) => ({ kind, name: remote ?? '', trouble: null }))
  return {
    remote,
    ways: [...named, ...others].map((way) => ({ ...way, ...lastOf(arrivals, way.kind) })),
    pipelines: rules?.pipelines.map(({ file }) => file) ?? [],
    poll: poll === null ? null : { everyMs: poll.everyMs, ...looking },
  }
}

type Way = Pick<SourceWayView, 'kind' | 'name' | 'trouble'>

const waysOf = (rules: SourceRules, { secrets }: HookKeys): readonly Way[] => {
  const { github, gitlab, push, poll } = rules
  const missing = (names: readonly (string | null)[]): string | null => {
    const known = names.filter((name) => name !== null)
    if (known.length === 0) return 'no secret is named, so that none of its webhooks is taken'
    const lost = known.find((name) => !secrets.has(name))
    return lost === undefined ? null : `the secret ${lost} is not there`
  }
  return [
    ...(github === null
      ? []
      : [{ kind: 'github' as const, name: github.repository, trouble: missing([github.webhookSecret]) }]),
    ...(gitlab === null
      ? []
      : [
          {
            kind: 'gitlab' as const,
            name: gitlab.project,
            trouble: missing([gitlab.webhookSecret, gitlab.signingToken]),
          },
        ]),
    ...(push === null ? [] : [{ kind: 'push' as const, name: '/hooks/push', trouble: missing([push.secret]) }]),
    ...(poll === null ? [] : [{ kind: 'poll' as const, name: plainAddress(addressOf(rules).address), trouble: null }]),
  ]
}

const lastOf = (
  arrivals: readonly Arrival[],
  kind: ArrivalSource,
): Pick<SourceWayView, 'lastArrival' | 'lastFailure'> => {
  const own = arrivals.filter(({ hint }) => hint.from === kind).toSorted((a, b) => b.receivedAt - a.receivedAt)
  const failed = own.find(({ status }) => status === 'failed')
  return {
    lastArrival: own[0] === undefined ? null : arrivalView(own[0]),
    lastFailure: failed === undefined ? null : arrivalView(failed),
  }
}
