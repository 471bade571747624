/** Signatures of webhooks, by the libraries of those who made them up; loaded with the first webhook. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { limits } from '../../core/limits.ts'
import type { HookVerifier, RawHook } from '../../ports/hook-verifier.ts'

/** See `HookVerifier`. `now`: epoch ms. */
export const hookVerifier = (now: () => number): HookVerifier => ({
  verify: async (proof, hook, secret) => {
    // A secret that is empty is one that everybody knows.
    if (secret === '') return false
    try {
      if (proof === 'github') return await signedByGithub(hook, secret)
      return proof === 'standard'
        ? await signedAsStandard(hook, secret, now())
        : isSame(hook.headers['x-gitlab-token'], secret)
    } catch {
      return false
    }
  },
})

const signedByGithub = async ({ headers, body }: RawHook, secret: string): Promise<boolean> => {
  const { verify } = await import('@octokit/webhooks-methods')
  return verify(secret, body, headers['x-hub-signature-256'] ?? 'sha256=0')
}

/** The library has a window of its own, by a clock of its own; ours is looked at first. */
const signedAsStandard = async ({ headers, body }: RawHook, secret: string, at: number): Promise<boolean> => {
  const sentAt = Number(headers['webhook-timestamp']) * 1_000
  if (!(Math.abs(at - sentAt) <= limits.hookSkewMs)) return false
  const { Webhook } = await import('standardwebhooks')
  // A secret that is not of the standard's form is taken as it is, byte for byte.
  const webhook = secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' })
  webhook.verify(body, headers, { jsonParse: false })
  return true
}

/** Of whatever lengths: what is compared are two digests. */
const isSame = (given: string | undefined, wanted: string): boolean => {
  const digest = (text: string): Buffer => createHmac('sha256', 'compared').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(wanted)) && given !== undefined
}
