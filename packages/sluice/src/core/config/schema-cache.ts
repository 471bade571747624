import { z } from 'zod'
import type { KeyedCachePlan, TaskCachePlan } from '../pipeline/job-plan.ts'
import { key, text, variableName } from './fields.ts'
import { insidePath } from './schema-step.ts'

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
