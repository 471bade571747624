/** Whether a TLS certificate is one that clients of the environment accept, now and for some time yet. */
import { isoTime } from '../iso-time.ts'
import type { Unmet } from './expect.ts'
import type { TlsCheck } from './types.ts'

/** What a handshake showed. */
export type Certificate = {
  readonly subject: string
  readonly issuer: string
  readonly validFrom: number
  readonly validTo: number
  /** Why the chain does not lead to an authority that is trusted; null when it does. */
  readonly chainFault: string | null
  /** Why it is not valid for the name; null when it is. */
  readonly nameFault: string | null
}

const dayMs = 86_400_000

/** Whole days until a certificate ends; negative once it has. */
export const daysLeft = ({ validTo }: Certificate, now: number): number => Math.floor((validTo - now) / dayMs)

/** Everything that is wrong with a certificate. */
export const unmetByCertificate = (certificate: Certificate, check: TlsCheck, now: number): readonly Unmet[] => {
  const { validFrom, validTo, chainFault, nameFault } = certificate
  const left = daysLeft(certificate, now)
  const faults = [
    ...(Number.isFinite(validFrom) && Number.isFinite(validTo) ? [] : ['it does not say how long it is valid']),
    ...(validFrom > now ? [`it is valid from ${isoTime(validFrom)} only`] : []),
    ...(validTo <= now
      ? [`it ended at ${isoTime(validTo)}`]
      : left < check.daysLeftMin
        ? [`it ends in ${left} days, at ${isoTime(validTo)}; expected at least ${check.daysLeftMin} days`]
        : []),
    ...(nameFault === null ? [] : [`it is not for ${check.serverName}: ${nameFault}`]),
    ...(chainFault === null ? [] : [`its chain is not trusted: ${chainFault}`]),
  ]
  return faults.map((detail) => ({ outcome: 'failed', detail }))
}
