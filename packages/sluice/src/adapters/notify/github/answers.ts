/** What GitHub answers, as far as it is looked at. */
import { z } from 'zod'

const deploymentSchema = z.object({
  id: z.number().int(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).nullish(),
})

/** What GitHub keeps of a rollout, a deployment in its words; and what its payload names. */
export type RolloutRecord = { readonly id: string; readonly rollout: string | null; readonly service: string | null }

/** One deployment; null for what is none. */
export const readRecord = (body: unknown): RolloutRecord | null => {
  const { success, data } = deploymentSchema.safeParse(body)
  if (!success) return null
  const payload = payloadOf(data.payload)
  const name = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return { id: String(data.id), rollout: name(payload['rollout']), service: name(payload['service']) }
}

/** A list of deployments; null for what is none. */
export const readRecords = (body: unknown): readonly RolloutRecord[] | null => {
  if (!Array.isArray(body)) return null
  const deployments = body.map(readRecord)
  return deployments.every((one) => one !== null) ? deployments : null
}

const statusesSchema = z.array(z.object({ state: z.string(), description: z.string().nullish() }))

/** The newest of a list of statuses, newest first; null for none, undefined for what is no list of them. */
export const readNewestStatus = (
  body: unknown,
): { readonly state: string; readonly description: string } | null | undefined => {
  const { success, data } = statusesSchema.safeParse(body)
  if (!success) return undefined
  const [newest] = data
  return newest === undefined ? null : { state: newest.state, description: newest.description ?? '' }
}

/** GitHub gives a payload back as it came, or as the text of it. */
const payloadOf = (payload: string | Readonly<Record<string, unknown>> | null | undefined): Record<string, unknown> => {
  if (typeof payload !== 'string') return { ...payload }
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
