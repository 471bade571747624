/** The server: finds the route, answers, logs what broke, and stops without losing a request. */
import { createServer } from 'node:http'
import { loadAssets } from './assets.js'
import { readCart } from './cart.js'
import { HttpError } from './respond.js'
import { routes, sendError } from './routes.js'

/**
 * @typedef {object} Shop what every page may use
 * @property {import('./env.js').Env} env
 * @property {{ version: string, commit: string }} version
 * @property {import('./assets.js').Assets} assets
 * @property {AbortSignal} stopping
 */

/**
 * @typedef {object} Visit one request
 * @property {Shop} shop
 * @property {import('node:http').IncomingMessage} request
 * @property {import('node:http').ServerResponse} response
 * @property {URL} url
 * @property {Record<string, string>} params
 * @property {import('./cart.js').Cart} cart
 */

const table = routes.map(([method, path, answer]) => ({ method, parts: path.split('/'), answer }))

const match = (method, pathname) => {
  const parts = pathname.split('/')
  for (const route of table) {
    if (route.method !== method || route.parts.length !== parts.length) continue
    const params = {}
    const fits = route.parts.every((part, index) => {
      if (!part.startsWith(':')) return part === parts[index]
      params[part.slice(1)] = parts[index]
      return parts[index] !== ''
    })
    if (fits) return { answer: route.answer, params }
  }
  return undefined
}

const visitOf = (shop, request, response) => {
  // A target such as `//` is a legal request and no legal URL; it reads as the root.
  const url = URL.canParse(request.url, 'http://shop') ? new URL(request.url, 'http://shop') : new URL('http://shop/')
  const found = match(request.method === 'HEAD' ? 'GET' : request.method, url.pathname)
  const visit = { shop, request, response, url, params: found?.params ?? {}, cart: readCart(request.headers.cookie) }
  return { visit, answer: found?.answer }
}

const handle = async (shop, log, request, response) => {
  response.setHeader('x-storefront-version', `${shop.version.version}+${shop.version.commit.slice(0, 7)}`)
  if (shop.stopping.aborted) response.setHeader('connection', 'close')
  const { visit, answer } = visitOf(shop, request, response)
  try {
    if (answer === undefined) throw new HttpError(404, 'There is no such page.')
    await answer(visit)
  } catch (error) {
    // The customer has gone away; nobody is left to answer.
    if (request.socket.destroyed) return
    const status = error instanceof HttpError ? error.status : 500
    if (status === 500) log('request_failed', { method: request.method, path: visit.url.pathname, error: error.stack })
    if (status === 413) response.setHeader('connection', 'close')
    if (response.headersSent) response.destroy()
    else sendError(visit, status, status === 500 ? 'That was our fault. Please try again.' : error.message)
  }
}

/**
 * Starts the shop and resolves once it listens.
 * @param {object} options
 * @param {import('./env.js').Env} options.env
 * @param {{ version: string, commit: string }} options.version
 * @param {(event: string, fields?: object) => void} options.log
 * @returns {Promise<{ port: number, stop: () => Promise<void> }>} `stop` takes no new connection, lets requests in flight
 * finish, and resolves when the last one has; safe to call twice
 */
export const startServer = async ({ env, version, log }) => {
  const stopping = new AbortController()
  const shop = { env, version, assets: loadAssets(new URL('./assets/', import.meta.url)), stopping: stopping.signal }
  const server = createServer((request, response) => void handle(shop, log, request, response))
  // Longer than any proxy keeps an idle connection, so that it is never we who close one that is just being used.
  server.keepAliveTimeout = 75_000
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(env.port, env.host, resolve)
  })
  const closed = new Promise((resolve) => server.once('close', resolve))
  const stop = async () => {
    if (!stopping.signal.aborted) {
      stopping.abort()
      server.close()
      // A kept-alive connection becomes idle when its last answer is out; nobody else would close it then.
      const sweep = setInterval(() => server.closeIdleConnections(), 20)
      server.once('close', () => clearInterval(sweep))
    }
    await closed
  }
  return { port: server.address().port, stop }
}
