/** Real services for checks to look at: HTTP with any answer, and TLS with certificates made by openssl. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import type { Upstream } from '../../src/core/routing.ts'

/** A service that listens. */
export type Listening = { readonly upstream: Upstream; readonly close: () => Promise<void> }

const listen = async (server: Server, instance: string): Promise<Listening> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    upstream: { instance, host: '127.0.0.1', port },
    close: async () => {
      if ('closeAllConnections' in server) (server as http.Server).closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An HTTP service. */
export const httpService = (instance: string, answer: http.RequestListener): Promise<Listening> =>
  listen(http.createServer(answer), instance)

/** Certificates of an authority of its own: `days` from today for `name`. */
export const certificateFor = (
  name: string,
  days: number,
): { readonly key: string; readonly certificate: string; readonly authority: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'))
  const openssl = (...words: readonly string[]): void =>
    void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' })
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '3650',
      '-subj',
      '/CN=test authority',
    )
    openssl(
      'req',
      ...key,
      '-keyout',
      'key.pem',
      '-out',
      'request.pem',
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}`,
    )
    openssl(
      'x509',
      '-req',
      '-in',
      'request.pem',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-out',
      'certificate.pem',
      '-days',
      String(days),
      '-copy_extensions',
      'copy',
    )
    return { key: read('key.pem'), certificate: read('certificate.pem'), authority: read('ca.pem') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A TLS service that shows a certificate. */
export const tlsService = ({
  key,
  certificate,
}: {
  readonly key: string
  readonly certificate: string
}): Promise<Listening> =>
  listen(
    tls.createServer({ key, cert: certificate }, (socket) => void socket.end()),
    'tls',
  )
