import { z } from 'zod'
import type { RemoteCache } from '../pipeline/cache/run-cache.ts'
import type { KeyedCachePlan, TaskCachePlan } from '../pipeline/job-plan.ts'
import { count, key, text, variableName } from './fields.ts'
import { insidePath } from './schema-step.ts'
import type { CacheSettings } from './settings.ts'

const globs = (): z.ZodType<string[], string[]> =>
  z.array(text('a pattern'), "expected patterns, for instance ['src/**']")

/** When a job need not run because its result is known. */
export const taskCacheSchema: z.ZodType<TaskCachePlan> = z.strictObject({
  inputs: key(globs(), {
    description: 'Patterns of the files that the result depends on; `!` takes away.',
    examples: [['src/**', 'package-lock.json', '!**/*.md']],
  }),
  outputs: key(globs().default([]), {
    description: 'Patterns of the files that the job makes; they are restored when it need not run.',
    examples: [['dist/**']],
  }),
  env: key(z.array(variableName()).default([]), {
    description: 'Names of the environment variables that the result depends on.',
    examples: [['NODE_ENV']],
  }),
  tools: key(z.array(text('a command')).default([]), {
    description: 'Commands that print the versions of the tools that the result depends on.',
    examples: [['node --version']],
  }),
  strict: key(z.boolean('expected true or false').default(false), {
    description: 'Whether reading or writing a file that is not declared fails the job; else it is reported.',
    examples: [true],
  }),
})

/** Folders that are kept from run to run. */
export const keyedCachesSchema: z.ZodType<readonly KeyedCachePlan[]> = z.array(
  z
    .strictObject({
      key: key(text('a key'), { description: 'Name that the folders are kept under.', examples: ['npm'] }),
      files: key(z.array(insidePath()).default([]), {
        description: 'Files whose content becomes part of the key.',
        examples: [['package-lock.json']],
      }),
      restoreKeys: key(z.array(text('the beginning of a key')).default([]), {
        description: 'Beginnings of keys to start from when there is nothing under the key itself.',
        examples: [['npm-']],
      }),
      paths: key(z.array(text('a path')).min(1, 'expected at least one path'), {
        description: 'Folders to keep; `~` is the home folder.',
        examples: [['~/.npm']],
      }),
    })
    .transform(({ files, ...rest }): KeyedCachePlan => ({
      ...rest,
      keyFiles: files,
      policy: 'pull-push',
      when: 'success',
    })),
)

const address = (): z.ZodType<string, string> =>
  z.url({ protocol: /^https?$/, error: "expected an address, for instance 'https://sluice.example/v1/cache'" })

const remoteSchema: z.ZodType<RemoteCache> = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: key(z.literal('http'), { description: 'The cache of a control plane.', examples: ['http'] }),
      address: key(address(), {
        description: 'Where the cache of the control plane is.',
        examples: ['https://sluice.example/v1/cache'],
      }),
    }),
    z.strictObject({
      kind: key(z.literal('s3'), { description: 'A bucket.', examples: ['s3'] }),
      endpoint: key(address(), {
        description: 'Address of the service.',
        examples: ['https://s3.eu-central-1.amazonaws.com'],
      }),
      region: key(text('a region'), { description: 'Region of the bucket.', examples: ['eu-central-1'] }),
      bucket: key(text('a bucket'), { description: 'Name of the bucket, which must exist.', examples: ['ci-cache'] }),
      prefix: key(z.string('expected a prefix').default(''), {
        description: 'What the names of everything in the bucket begin with.',
        examples: ['sluice/storefront'],
      }),
    }),
  ],
  "expected { kind: 'http', address } or { kind: 's3', endpoint, region, bucket }",
)

const megabyteBytes = 1_000_000

/** Where results and folders of jobs are kept from run to run. */
export const cacheSchema: z.ZodType<CacheSettings> = z
  .strictObject({
    sizeMax: key(count(100, 10_000_000).optional(), {
      description: 'What the cache on a machine may take, in megabytes.',
      unit: 'MB',
      examples: [20_000],
    }),
    remote: key(remoteSchema.optional(), {
      description: 'A cache that several machines share: that of a control plane, or a bucket.',
      examples: [{ kind: 'http', address: 'https://sluice.example/v1/cache' }],
    }),
  })
  .transform(({ sizeMax, remote }): CacheSettings => ({
    bytesMax: sizeMax === undefined ? null : sizeMax * megabyteBytes,
    remote: remote ?? null,
  }))
