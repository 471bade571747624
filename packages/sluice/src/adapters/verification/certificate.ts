import { isIP } from 'node:net'
import tls from 'node:tls'
import { isoTime } from '../../core/iso-time.ts'
import { type Certificate, daysLeft, unmetByCertificate } from '../../core/verification/certificate.ts'
import type { TlsCheck } from '../../core/verification/types.ts'
import type { Seen } from './look.ts'

/** The certificate that a host shows in a handshake. Nothing is asked of it beyond that. */
export const lookCertificate = async (check: TlsCheck, now: number, signal: AbortSignal): Promise<Seen> => {
  const certificate = await shownBy(check, signal)
  const { subject, issuer, validFrom, validTo } = certificate
  return {
    unmet: unmetByCertificate(certificate, check, now),
    detail: `valid for ${daysLeft(certificate, now)} more days, until ${isoTime(validTo)}`,
    evidence: [
      `subject ${subject}, issued by ${issuer}`,
      ...(Number.isFinite(validFrom) ? [`valid from ${isoTime(validFrom)}`] : []),
    ],
  }
}

const shownBy = ({ host, port, serverName, authority }: TlsCheck, signal: AbortSignal): Promise<Certificate> =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      // An address is no name to ask for (RFC 6066, section 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(authority === null ? {} : { ca: authority }),
      // Everything is looked at here, so that a report can say all that is wrong, not only what is wrong first.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    const stop = (): void => void socket.destroy(new Error('called off'))
    signal.addEventListener('abort', stop, { once: true })
    socket.once('error', reject)
    socket.once('close', () => {
      signal.removeEventListener('abort', stop)
      reject(new Error('the connection closed during the handshake'))
    })
    socket.once('secureConnect', () => {
      const shown = socket.getPeerCertificate()
      resolve({
        subject: nameOf(shown.subject),
        issuer: nameOf(shown.issuer),
        validFrom: Date.parse(shown.valid_from),
        validTo: Date.parse(shown.valid_to),
        chainFault: socket.authorized ? null : String(socket.authorizationError),
        nameFault: tls.checkServerIdentity(serverName, shown)?.message ?? null,
      })
      socket.destroy()
    })
    if (signal.aborted) stop()
  })

const nameOf = (subject: tls.Certificate | undefined): string => {
  const name = subject?.CN ?? subject?.O ?? 'nobody'
  return Array.isArray(name) ? name.join(', ') : name
}
