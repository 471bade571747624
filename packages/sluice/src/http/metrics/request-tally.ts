/** Counts of the API's requests, by route and status. */
import type { RouteId } from '../client/paths.ts'
import type { Family, Sample } from './exposition.ts'

/** Upper bounds of the buckets of a request's time, seconds: Prometheus' own defaults, and one below for what is answered out of memory. */
const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

type Times = { readonly buckets: number[]; sum: number; count: number }

/** The counts of one API since it began. */
export class RequestTally {
  readonly #answers = new Map<string, { readonly route: string; readonly status: number; count: number }>()
  readonly #times = new Map<string, Times>()
  readonly #hooks = new Map<string, { readonly source: string; readonly outcome: string; readonly count: number }>()

  /** Counts an answer; `route` is null for a path that there is not. */
  count(route: RouteId | null, status: number, seconds: number): void {
    const name = route ?? 'none'
    const key = `${name} ${status}`
    const answers = this.#answers.get(key) ?? { route: name, status, count: 0 }
    answers.count += 1
    this.#answers.set(key, answers)
    const times = this.#times.get(name) ?? { buckets: bounds.map(() => 0), sum: 0, count: 0 }
    times.sum += seconds
    times.count += 1
    const bucket = bounds.findIndex((bound) => seconds <= bound)
    if (bucket >= 0) times.buckets[bucket] = (times.buckets[bucket] ?? 0) + 1
    this.#times.set(name, times)
  }

  /** Counts a webhook: taken, of a kind that starts nothing, off, or not signed by whom the config names. */
  hook(source: string, outcome: 'taken' | 'unread' | 'invalid' | 'refused'): void {
    const key = `${source} ${outcome}`
    this.#hooks.set(key, { source, outcome, count: (this.#hooks.get(key)?.count ?? 0) + 1 })
  }

  /** As metrics. The time of an event stream is that until it is open. */
  families(): readonly Family[] {
    return [
      {
        name: 'sluice_http_requests_total',
        type: 'counter',
        help: 'Requests to the API that were answered.',
        samples: [...this.#answers.values()].map(({ route, status, count }) => ({
          labels: { route, status: String(status) },
          value: count,
        })),
      },
      {
        name: 'sluice_http_request_duration_seconds',
        type: 'histogram',
        help: 'Time until an answer of the API began.',
        samples: [...this.#times].flatMap(([route, times]) => histogram(route, times)),
      },
      {
        name: 'sluice_hooks_total',
        type: 'counter',
        help: 'Webhooks by what became of them.',
        samples: [...this.#hooks.values()].map(({ source, outcome, count }) => ({
          labels: { source, outcome },
          value: count,
        })),
      },
    ]
  }
}

const histogram = (route: string, { buckets, sum, count }: Times): readonly Sample[] => {
  let below = 0
  const upTo = buckets.map((one, index): Sample => {
    below += one
    return { suffix: '_bucket', labels: { route, le: String(bounds[index]) }, value: below }
  })
  return [
    ...upTo,
    { suffix: '_bucket', labels: { route, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { route }, value: sum },
    { suffix: '_count', labels: { route }, value: count },
  ]
}
