import { z } from 'zod'
import { limits } from '../limits.ts'
import type { HealthPolicy, Warmup } from '../model.ts'
import { count, key, positiveDuration, text } from './fields.ts'

const path = () =>
  text('a path').refine(
    (value) => value.startsWith('/') && !/\s/.test(value),
    "expected a path that begins with /, for instance '/health'",
  )

const docs = {
  path: { description: 'Path that a healthy instance answers with a status from 200 to 399.', examples: ['/health'] },
  interval: { description: 'Time between two probes of an instance.', examples: ['1s'] },
  timeout: { description: 'How long a probe waits for its answer.', examples: ['2s'] },
  healthyAfter: {
    description: 'How many good probes in a row make an instance healthy.',
    unit: 'probes',
    examples: [2],
  },
  unhealthyAfter: {
    description: 'How many bad probes in a row make an instance unhealthy.',
    unit: 'probes',
    examples: [3],
  },
  startTimeout: { description: 'How long a new instance may take to become healthy.', examples: ['30s'] },
  warmup: {
    description: 'Requests that a new instance answers before it counts as healthy.',
    examples: [{ path: '/', requests: 20 }],
  },
}

const warmup: z.ZodType<Warmup> = z
  .strictObject(
    {
      path: key(path().default('/'), {
        description: 'Path that is asked for to warm an instance up.',
        examples: ['/'],
      }),
      requests: key(count(0, limits.warmupRequestsMax), {
        description: 'How many requests warm an instance up, one after the other.',
        unit: 'requests',
        examples: [20],
      }),
      timeout: key(positiveDuration().prefault('10s'), {
        description: 'How long each of them waits for its answer.',
        examples: ['10s'],
      }),
    },
    "expected requests that warm up: { path: '/', requests: 20 }",
  )
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }))

const what = { error: "expected health settings: { path: '/health' }" }

/** Health settings of the service, every default filled in. */
export const healthSchema: z.ZodType<HealthPolicy> = z
  .strictObject(
    {
      path: key(path().default('/health'), docs.path),
      interval: key(positiveDuration().prefault('1s'), docs.interval),
      timeout: key(positiveDuration().prefault('2s'), docs.timeout),
      healthyAfter: key(count(1, 100).default(2), docs.healthyAfter),
      unhealthyAfter: key(count(1, 100).default(3), docs.unhealthyAfter),
      startTimeout: key(positiveDuration().prefault('30s'), docs.startTimeout),
      warmup: key(warmup.optional(), docs.warmup),
    },
    what,
  )
  .transform(({ interval, timeout, startTimeout, warmup: asked, ...rest }) => ({
    ...rest,
    intervalMs: interval,
    timeoutMs: timeout,
    startTimeoutMs: startTimeout,
    ...(asked === undefined ? {} : { warmup: asked }),
  }))

/** What one environment says differently; only what is written is there. */
export const healthOverrideSchema: z.ZodType<{ [Key in keyof HealthPolicy]?: HealthPolicy[Key] | undefined }> = z
  .strictObject(
    {
      path: key(path().optional(), docs.path),
      interval: key(positiveDuration().optional(), docs.interval),
      timeout: key(positiveDuration().optional(), docs.timeout),
      healthyAfter: key(count(1, 100).optional(), docs.healthyAfter),
      unhealthyAfter: key(count(1, 100).optional(), docs.unhealthyAfter),
      startTimeout: key(positiveDuration().optional(), docs.startTimeout),
      warmup: key(warmup.optional(), docs.warmup),
    },
    what,
  )
  .transform(({ interval, timeout, startTimeout, warmup: asked, ...rest }) => ({
    ...rest,
    intervalMs: interval,
    timeoutMs: timeout,
    startTimeoutMs: startTimeout,
    ...(asked === undefined ? {} : { warmup: asked }),
  }))
