/** Rules of the config that hold between keys; each broken one is an issue with its path. */
import { metricsOf } from '../judge/metrics.ts'
import { expandMatrix, legName, twiceIn } from '../pipeline/matrix.ts'
import { policyIssues } from './check-governance.ts'
import { inputIssues } from './check-inputs.ts'
import { notifyIssues } from './check-notify.ts'
import { order } from './graph.ts'
import type { ConfigIssue } from './issues.ts'
import { type Distance, nearest } from './nearest.ts'
import type { Settings } from './settings.ts'

/** Variables that Sluice itself gives to every instance. */
const reservedVariables: ReadonlySet<string> = new Set(['HOST', 'PORT'])

/** The issues of parsed settings; `cycle` is the circle of `needs`, first job repeated at the end, or null. */
export const check = (
  settings: Settings,
  distance: Distance,
): { readonly issues: readonly ConfigIssue[]; readonly cycle: readonly string[] | null } => {
  const jobs = jobOrder(settings)
  const cycle = jobs.kind === 'cycle' ? jobs.nodes : null
  const issues = [
    ...needIssues(settings, distance),
    ...(cycle === null ? [] : [needsCycle(cycle)]),
    ...artifactIssues(settings),
    ...matrixIssues(settings),
    ...inputIssues(settings),
    ...cacheIssues(settings),
    ...startIssues(settings, distance),
    ...environmentIssues(settings, distance),
    ...previewIssues(settings),
    ...skewIssues(settings),
    ...variableIssues(settings),
    ...watchIssues(settings),
    ...metricIssues(settings, distance),
    ...policyIssues(settings, environmentsAfter(settings), distance),
    ...notifyIssues(settings, distance),
  ]
  return { issues, cycle }
}

/** The jobs in order of need, or a cycle. */
export const jobOrder = (settings: Settings): ReturnType<typeof order> =>
  order(new Map(Object.entries(settings.pipeline.jobs).map(([name, job]) => [name, job.needs])))

/** Environments with the one each comes after; the one written before where nothing is said. */
export const environmentsAfter = (settings: Settings): ReadonlyMap<string, string | null> => {
  const names = Object.keys(settings.environments)
  return new Map(
    names.map((name, index) => {
      const after = settings.environments[name]?.after
      return [name, after === undefined ? (names[index - 1] ?? null) : after]
    }),
  )
}

/** A watch that watches nothing, and a counter that leads nowhere, would never fire. */
const watchIssues = ({ environments }: Settings): readonly ConfigIssue[] =>
  Object.entries(environments).flatMap(([name, { rollback, metrics }]) => {
    const triggers = rollback?.triggers
    if (triggers === undefined) return []
    const path = ['environments', name, 'rollback', 'watch']
    const { errorRate, latency, health, metrics: watched = [] } = triggers
    if (errorRate === undefined && latency === undefined && health === undefined && watched.length === 0)
      return [{ path, message: 'expected at least one of errorRate, latency, health and metrics', fix: null }]
    const known = new Set(metrics?.metrics.map((counter) => counter.name))
    return watched
      .filter((one) => !known.has(one.name))
      .map((one) => ({
        path: [...path, 'metrics'],
        message: `expected only names of counters of the environment's metrics, found "${one.name}"`,
        fix: null,
      }))
  })

const suggest = (name: string, known: readonly string[], distance: Distance): string => {
  const near = nearest(name, known, distance)
  return near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`
}

/** Only what is counted can be given a part of the evidence. */
const metricIssues = (settings: Settings, distance: Distance): readonly ConfigIssue[] =>
  Object.entries(settings.environments).flatMap(([environment, { judge }]) => {
    const known = metricsOf(judge).map(({ name }) => name)
    const unknown = Object.keys(judge.metrics ?? {}).filter((name) => !known.includes(name))
    return unknown.map((name) => ({
      path: ['environments', environment, 'judge', 'metrics', name],
      message: `there is no metric "${name}"`,
      fix: suggest(name, known, distance),
    }))
  })

const needIssues = (settings: Settings, distance: Distance): readonly ConfigIssue[] => {
  const names = Object.keys(settings.pipeline.jobs)
  const known = new Set(names)
  return Object.entries(settings.pipeline.jobs).flatMap(([job, { needs }]) =>
    needs.flatMap((need, index): readonly ConfigIssue[] =>
      known.has(need)
        ? []
        : [
            {
              path: ['pipeline', 'jobs', job, 'needs', index],
              message: `there is no job "${need}"`,
              fix: suggest(
                need,
                names.filter((name) => name !== job),
                distance,
              ),
            },
          ],
    ),
  )
}

const needsCycle = (cycle: readonly string[]): ConfigIssue => ({
  path: ['pipeline', 'jobs', cycle[0] ?? '', 'needs'],
  message: `jobs need each other in a circle: ${cycle.join(' → ')}`,
  fix: 'Take one of these needs away.',
})

const artifactIssues = (settings: Settings): readonly ConfigIssue[] => {
  const madeBy = new Map<string, string>()
  return Object.entries(settings.pipeline.jobs).flatMap(([job, { artifacts }]) =>
    Object.keys(artifacts).flatMap((artifact): readonly ConfigIssue[] => {
      const other = madeBy.get(artifact)
      madeBy.set(artifact, job)
      return other === undefined
        ? []
        : [
            {
              path: ['pipeline', 'jobs', job, 'artifacts', artifact],
              message: `job "${other}" already makes an artifact of this name`,
              fix: 'Give it another name.',
            },
          ]
    }),
  )
}

/** A leg is known by its name: in the plan, in its log, and in what is stopped before it begins. */
const matrixIssues = ({ pipeline }: Settings): readonly ConfigIssue[] =>
  Object.entries(pipeline.jobs).flatMap(([job, { matrix }]): readonly ConfigIssue[] => {
    const legs = matrix === null || matrix.from !== null ? [] : expandMatrix(matrix)
    const twice = twiceIn(legs.map((values) => legName(job, Object.values(values))))
    if (twice === null) return []
    const message = `two legs of this matrix are called ${twice}`
    return [
      { path: ['pipeline', 'jobs', job, 'matrix'], message, fix: 'Take one of them away, or give it other values.' },
    ]
  })

/** What a built-in step finds depends on history, databases and the time, which no key of a cache knows. */
const cacheIssues = ({ pipeline }: Settings): readonly ConfigIssue[] =>
  Object.entries(pipeline.jobs).flatMap(([job, { cache, steps }]): readonly ConfigIssue[] => {
    const step = steps.find(({ builtin }) => builtin !== null)
    if (cache === null || step === undefined) return []
    const message = `a job with the built-in step ${step.run} cannot come out of a cache`
    return [{ path: ['pipeline', 'jobs', job, 'cache'], message, fix: 'Give the step a job of its own.' }]
  })

const startIssues = (settings: Settings, distance: Distance): readonly ConfigIssue[] => {
  const artifacts = artifactNames(settings)
  const { start } = settings
  if (start === null) {
    if (Object.keys(settings.environments).length === 0) return []
    return [
      {
        path: ['start'],
        message: 'this key is missing: there are environments, and nothing says how an instance is started',
        fix: "Add start: { command: 'node server.js' }.",
      },
    ]
  }
  if (artifacts.length === 0) {
    const fix = "Add artifacts: { app: ['dist'] } to the job that builds."
    return [{ path: ['start'], message: 'no job makes an artifact, so there is nothing to start', fix }]
  }
  if (start.artifact === null) {
    if (artifacts.length === 1) return []
    const message = `this key is missing: the pipeline makes ${artifacts.length} artifacts (${artifacts.join(', ')})`
    return [{ path: ['start', 'artifact'], message, fix: `Add artifact: '${artifacts[0] ?? ''}' to start.` }]
  }
  if (artifacts.includes(start.artifact)) return []
  return [
    {
      path: ['start', 'artifact'],
      message: `no job makes an artifact "${start.artifact}"`,
      fix: suggest(start.artifact, artifacts, distance),
    },
  ]
}

/** The artifacts that the pipeline makes, in the order in which they are written. */
export const artifactNames = (settings: Settings): readonly string[] =>
  Object.values(settings.pipeline.jobs).flatMap((job) => Object.keys(job.artifacts))

const environmentIssues = (settings: Settings, distance: Distance): readonly ConfigIssue[] => {
  const after = environmentsAfter(settings)
  const names = [...after.keys()]
  const unknown = [...after].flatMap(([name, previous]): readonly ConfigIssue[] =>
    previous === null || after.has(previous)
      ? []
      : [
          {
            path: ['environments', name, 'after'],
            message: `there is no environment "${previous}"`,
            fix: suggest(
              previous,
              names.filter((other) => other !== name),
              distance,
            ),
          },
        ],
  )
  const sorted = order(new Map([...after].map(([name, previous]) => [name, previous === null ? [] : [previous]])))
  const circle: readonly ConfigIssue[] =
    sorted.kind === 'ordered'
      ? []
      : [
          {
            path: ['environments', sorted.nodes[0] ?? '', 'after'],
            message: `environments come after each other in a circle: ${sorted.nodes.join(' → ')}`,
            fix: 'Write after: null into the first one.',
          },
        ]
  return [...unknown, ...circle, ...promotionIssues(settings, after), ...listenIssues(settings)]
}

const promotionIssues = (settings: Settings, after: ReadonlyMap<string, string | null>): readonly ConfigIssue[] =>
  Object.entries(settings.environments).flatMap(([name, { promotion }]): readonly ConfigIssue[] =>
    promotion === undefined || after.get(name) !== null
      ? []
      : [
          {
            path: ['environments', name, 'promotion'],
            message: `nothing comes before "${name}", so nothing is promoted to it`,
            fix: 'Write it into an environment that comes after another, or name one with after.',
          },
        ],
  )

/** Every address has one use, the preview addresses included. */
const listenIssues = ({ environments }: Settings): readonly ConfigIssue[] => {
  const takenBy = new Map<string, string>()
  const own = Object.entries(environments).map(([name, { listen }]) => ({ name, listen, path: ['listen'] }))
  const previews = Object.entries(environments).flatMap(([name, { strategy }]) =>
    strategy.kind === 'blueGreen' && strategy.previewListen !== undefined
      ? [{ name, listen: strategy.previewListen, path: ['strategy', 'preview', 'listen'] }]
      : [],
  )
  return [...own, ...previews].flatMap(({ name, listen, path }): readonly ConfigIssue[] => {
    const address = `${listen.host}:${listen.port}`
    const other = takenBy.get(address)
    takenBy.set(address, name)
    if (other === undefined) return []
    return [
      {
        path: ['environments', name, ...path],
        message: `environment "${other}" already listens on ${address}`,
        fix: 'Take another port.',
      },
    ]
  })
}

const previewIssues = ({ environments }: Settings): readonly ConfigIssue[] =>
  Object.entries(environments).flatMap(([name, { router, strategy }]): readonly ConfigIssue[] =>
    router !== 'haproxy' || strategy.kind !== 'blueGreen' || strategy.previewListen === undefined
      ? []
      : [
          {
            path: ['environments', name, 'strategy', 'preview', 'listen'],
            message: 'the HAProxy router has no preview address',
            fix: "Take router: 'gateway', or show green to requests with a header or cookie: preview: [{ header: 'x-preview' }].",
          },
        ],
  )

/** Who stays with a release must be told apart, or the judge would count the same client again and again. */
const skewIssues = ({ environments }: Settings): readonly ConfigIssue[] =>
  Object.entries(environments).flatMap(([name, { routing, sticky }]): readonly ConfigIssue[] =>
    routing?.skew === undefined || sticky.kind === 'cookie' || sticky.kind === 'user'
      ? []
      : [
          {
            path: ['environments', name, 'routing', 'skew'],
            message: 'clients cannot stay with their release where nothing tells them apart',
            fix: "Write sticky: { cookie: 'sluice-arm' } or sticky: { user: { header: 'x-user-id' } } beside it.",
          },
        ],
  )

const variableIssues = (settings: Settings): readonly ConfigIssue[] => {
  const top: readonly string[] = []
  const places = [
    { path: top, config: settings.config, secrets: settings.secrets },
    ...Object.entries(settings.environments).map(([name, { config, secrets }]) => ({
      path: ['environments', name],
      config,
      secrets,
    })),
  ]
  return places.flatMap(({ path, config, secrets }) => [
    ...Object.keys(config)
      .filter((name) => reservedVariables.has(name))
      .map((name) => ({
        path: [...path, 'config', name],
        message: `Sluice itself gives ${name} to each instance`,
        fix: 'Take it away.',
      })),
    ...secrets.flatMap((name, index) =>
      name in config || reservedVariables.has(name)
        ? [
            {
              path: [...path, 'secrets', index],
              message: `${name} is already a variable of the instances`,
              fix: 'Give one of them another name.',
            },
          ]
        : [],
    ),
  ])
}
