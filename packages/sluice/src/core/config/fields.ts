/** The building blocks of the schema: scalars with their forms, and `key`, which gives a key its documentation. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import { durationForm, parseDuration, parseShare, renderDuration, shareForm } from './units.ts'

/** What the reference says about a key beside its type and default. */
export type KeyDoc = {
  /** One sentence or two; what the value is and does. */
  readonly description: string
  /** What numbers count; absent for text and for types that carry their unit. */
  readonly unit?: string
  readonly examples: readonly unknown[]
}

/** Gives a key of the schema its documentation. */
export const key = <Schema extends z.ZodType>(schema: Schema, doc: KeyDoc): Schema => {
  const { examples, ...rest } = doc
  return schema.meta({ ...rest, samples: examples })
}

/** Name of a service, job, environment or artifact: it becomes part of paths, process names and addresses. */
export const name = (): z.ZodType<string, string> =>
  z
    .string('expected a name')
    .regex(/^[a-z][a-z0-9-]*$/, 'expected a name of lower-case letters, digits and -, beginning with a letter')
    .max(limits.nameLengthMax, `expected a name of at most ${limits.nameLengthMax} characters`)

/** A duration as text; milliseconds once parsed. */
export const duration = (): z.ZodType<number, string> =>
  z
    .string("expected a duration such as '30s', '5m' or '250ms'")
    .regex(durationForm, "expected a duration such as '30s', '5m' or '250ms'")
    .transform((text) => parseDuration(text) ?? 0)
    .refine(
      (ms) => ms <= limits.durationMsMax,
      `expected a duration of at most ${limits.durationMsMax / 86_400_000} days`,
    )

/** A duration above zero. */
export const positiveDuration = (): z.ZodType<number, string> =>
  duration().refine((ms) => ms > 0, 'expected a duration above zero')

/** A duration within bounds of its own, which may be longer than other durations of the config. */
export const longDuration = (minMs: number, maxMs: number): z.ZodType<number, string> =>
  z
    .string("expected a duration such as '28d'")
    .regex(durationForm, "expected a duration such as '28d'")
    .transform((text) => parseDuration(text) ?? 0)
    .refine(
      (ms) => ms >= minMs && ms <= maxMs,
      `expected at least ${renderDuration(minMs)}, and at most ${renderDuration(maxMs)}`,
    )

/** A share as text; basis points once parsed. */
export const share = (): z.ZodType<number, string> =>
  z
    .string("expected a share such as '5%' or '0.25%'")
    .regex(shareForm, "expected a share such as '5%' or '0.25%', at most 100%, at most two decimals")
    .transform((text) => parseShare(text) ?? 0)

/** A whole number within bounds. */
export const count = (min: number, max: number): z.ZodType<number, number> => {
  const message = `expected a whole number from ${min} to ${max}`
  return z.number(message).int(message).min(min, message).max(max, message)
}

/** Text that says something. */
export const text = (what: string): z.ZodType<string, string> =>
  z.string(`expected ${what}`).trim().min(1, `expected ${what}`)

/** Environment variables; numbers and booleans become text. */
export const variables = (): z.ZodType<Record<string, string>, Record<string, string | number | boolean>> =>
  z.record(
    variableName(),
    z.union([z.string(), z.number(), z.boolean()], 'expected text, a number or true or false').transform(String),
    {
      error: 'expected environment variables: { NAME: value }',
    },
  )

/** Name of an environment variable. */
export const variableName = (): z.ZodType<string, string> =>
  z
    .string('expected the name of an environment variable')
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      'expected the name of an environment variable: letters, digits and _, not beginning with a digit',
    )

/** Name of a feature flag, as flag services have them. */
export const flagName = (): z.ZodType<string, string> =>
  z
    .string('expected the name of a feature flag')
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected the name of a feature flag: letters, digits, ., _ and -')
    .max(limits.flagNameLengthMax, `expected a name of at most ${limits.flagNameLengthMax} characters`)

/** A moment, ISO 8601 with a zone; epoch milliseconds once parsed. */
export const moment = (): z.ZodType<number, string> => {
  const message = "expected a moment such as '2026-12-24T00:00:00Z'"
  return z
    .string(message)
    .pipe(z.iso.datetime({ offset: true, error: message }))
    .transform((text) => Date.parse(text))
}
