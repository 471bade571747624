/** What rows of the API's table have in common. */
import { z } from 'zod'
import type { ErrorCode } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/** No query, no body. */
export const none: z.ZodType<Record<string, never>> = z.strictObject({})

/** A reason that may be given. */
export const reason: z.ZodType<string | null | undefined> = z
  .string()
  .max(limits.reasonCharactersMax)
  .nullish()
  .meta({ description: 'Why; goes to the ledger.' })

/** A reason that must be given. */
export const because: z.ZodType<string> = z
  .string()
  .min(1)
  .max(limits.reasonCharactersMax)
  .meta({ description: 'Why; goes to the ledger.' })

/** A body that says nothing but why. */
export const withReason: z.ZodType<{ reason?: string | null | undefined }> = z.strictObject({ reason })

/** What a row has unless it says otherwise. */
export const read: {
  readonly query: typeof none
  readonly body: typeof none
  readonly errors: readonly ['not_found']
  readonly cli: null
} = { query: none, body: none, errors: ['not_found'], cli: null }

/** What a command to something that exists may answer instead. */
export const command: readonly ErrorCode[] = ['not_found', 'command_conflict', 'store_full']

/** Names a release. */
export const release: z.ZodType<string> = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'An id, its beginning, a version, or `latest`.' })

/** A moment. */
export const at: z.ZodType<number> = z.number().int().nonnegative().meta({ description: 'epoch ms' })

/** A number of things in a query, which is text: `coerce` reads numbers from it. */
export const count = (max: number): z.ZodType<number> => z.coerce.number<number>().int().min(1).max(max)

/** Number of a row or a line, in a query. */
export const seq: z.ZodType<number> = z.coerce.number<number>().int().nonnegative()

/** A moment in a query, which is text. */
export const moment: z.ZodType<number> = z.coerce.number<number>().int().meta({ description: 'epoch ms' })

/** A name in a query: of a service, an environment, a branch … */
export const named = (description: string): z.ZodOptional<z.ZodString> =>
  z.string().min(1).max(limits.refCharactersMax).optional().meta({ description })

/** The beginning of the id of a commit, in a query. */
export const commitBegins: z.ZodOptional<z.ZodString> = z
  .string()
  .regex(/^[0-9a-fA-F]{4,64}$/, 'is not the beginning of a commit: 4 to 64 hexadecimal digits')
  .optional()
  .meta({ description: 'The beginning of its id, at least 4 digits.' })

/** What began in a period, in a query. */
export const begun: { readonly from: z.ZodOptional<z.ZodType<number>>; readonly to: z.ZodOptional<z.ZodType<number>> } =
  {
    from: moment.optional().meta({ description: 'epoch ms: begun then or later' }),
    to: moment.optional().meta({ description: 'epoch ms: begun before then' }),
  }

/** What an answer may be where only some items are meant. */
export const filteredText = 'With a filter a page may hold fewer than asked for, or none, and still have a `next`.'

/** A page of a list. */
export const page: z.ZodObject<{ limit: z.ZodOptional<z.ZodType<number>>; cursor: z.ZodOptional<z.ZodString> }> =
  z.strictObject({
    limit: count(limits.pageItemsMax).optional().meta({ description: 'Items at most.' }),
    cursor: z.string().max(500).optional().meta({ description: '`next` of the page before.' }),
  })
