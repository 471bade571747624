/** The dashboard: static files, made by `npm run dashboard`, compressed ahead. Read when they are asked for; nothing of it is held in memory. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { pagePolicy } from './security-headers.ts'

/** Where the built dashboard lies: beside this package in a clone, inside it once published. */
const places: readonly string[] = ['../../../dashboard/dist/', '../dashboard/']

/** Addresses of pages; the dashboard itself tells them apart. */
const pages =
  /^\/(?:(?:services|runs|rollouts|releases|environments|approvals|incidents|dora|ledger|notifications|settings|system)(?:\/.*)?)?$/

/** Files beside the page. Their names hold nothing that leads out of the folder. */
const files = /^\/(?:assets\/[\w-]+(?:\.[\w-]+)*\.(?:js|css|woff2)|favicon\.svg)$/

const mediaTypes: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  html: 'text/html; charset=utf-8',
}

/** What every page says about itself. */
const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy,
  // Which assets there are changes with each version of the program.
  'cache-control': 'no-cache',
}

/** Bytes of the name in a year's time are those of today: the name is made of their hash. */
const forEver = 'public, max-age=31536000, immutable'

/** Whether a path is that of a page, which is for those who are signed in; the files that it is made of are for everybody. */
export const isPage = (path: string): boolean => pages.test(path)

/** The answer to a request for a page or a file of the dashboard; null for any other path. */
export const dashboardAnswer = async (path: string, acceptEncoding: string): Promise<Response | null> => {
  if (isPage(path)) return (await fileAnswer('index.html', { acceptEncoding, headers: pageHeaders })) ?? notBuilt()
  if (!files.test(path)) return null
  const headers = { 'cache-control': path.startsWith('/assets/') ? forEver : 'no-cache' }
  return fileAnswer(path.slice(1), { acceptEncoding, headers })
}

const encodings = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const

type Asked = { readonly acceptEncoding: string; readonly headers: Readonly<Record<string, string>> }

const fileAnswer = async (name: string, { acceptEncoding, headers }: Asked): Promise<Response | null> => {
  const type = { 'content-type': mediaTypes[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream' }
  for (const { name: encoding, ending } of encodings) {
    if (!accepts(acceptEncoding, encoding)) continue
    const bytes = await read(`${name}${ending}`)
    if (bytes !== null) {
      const own = { 'content-encoding': encoding, vary: 'accept-encoding' }
      return new Response(bytes, { headers: { ...type, ...headers, ...own } })
    }
  }
  const bytes = await read(name)
  return bytes === null ? null : new Response(bytes, { headers: { ...type, ...headers, vary: 'accept-encoding' } })
}

/** Whether a client takes an encoding (RFC 9110, section 12.5.3); a weight of zero says no. */
const accepts = (header: string, encoding: string): boolean =>
  header.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase())
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })

const read = async (name: string): Promise<Uint8Array<ArrayBuffer> | null> => {
  for (const place of places) {
    const bytes = await readFile(fileURLToPath(new URL(place + name, import.meta.url))).catch(() => null)
    if (bytes !== null) return new Uint8Array(bytes)
  }
  return null
}

/** In a clone whose dashboard nobody built. */
const notBuilt = (): Response =>
  new Response(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sluice</title><h1>A Sluice control plane runs here.</h1><p>Its dashboard is not built in this clone. Build it, then load this page again:</p><pre>npm run dashboard</pre><p>In a terminal: <code>sluice status --watch</code></p></html>',
    { headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders } },
  )
