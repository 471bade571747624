/** What a row of the API's table says. */
import type { z } from 'zod'
import type { ErrorCode } from '../../core/errors.ts'
import type { Permission } from '../../core/identity/permissions.ts'
import type { Contract } from '../client/contract.ts'
import type { RouteId } from '../client/paths.ts'
import type { Schemas } from '../schemas/all.ts'

/**
 * What whoever asks must be allowed: a permission, at the places that the request is about (`authorize.ts` says which those are); one that depends on the command in the body; `signed_in` for what
 * concerns nobody but the one who asks; `open` for anybody: health, and what signs somebody in.
 */
export type Need = Permission | { readonly command: Readonly<Record<string, Permission>> } | 'signed_in' | 'open'

/** One row of the table. */
export type RouteSpec<Id extends RouteId> = {
  /** One sentence: what it does or gives. */
  readonly summary: string
  /** The CLI words that say the same. */
  readonly cli: string | null
  readonly query: z.ZodType<Contract[Id]['query']>
  readonly body: z.ZodType<Contract[Id]['body']>
  /** Name of the response's schema; a stream has none. */
  readonly response: keyof Schemas | 'ndjson' | 'sse' | 'file' | 'metrics'
  /** What it may answer instead, besides what every route may (`token_missing`, `token_stale`, `forbidden`, `usage_invalid`, `overloaded`, `unexpected`). */
  readonly errors: readonly ErrorCode[]
  /** Of a write that keeps no idempotency key: why it needs none. Every other one keeps the key that came with it. */
  readonly withoutKey?: string
  /** See `Need`. No row is without it, so that no route is either. */
  readonly needs: Need
}

/** The rows of an area: the routes whose names begin with one of its words. */
export type Rows<Area extends string> = {
  readonly [Id in Extract<RouteId, `${Area}.${string}`>]: RouteSpec<Id>
}
