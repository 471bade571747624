/** Answers, whole and with their length, so that keep-alive connections stay usable. */
import { layout } from './html.js'

/** An answer that is no fault of the shop: the request asked for something that is not there or not right. */
export class HttpError extends Error {
  /** @param {number} status @param {string} message shown to the customer */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** @param {import('node:http').ServerResponse} response */
export const send = (response, { status = 200, type, body, headers = {} }) => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length, ...headers })
  response.end(response.req.method === 'HEAD' ? undefined : bytes)
}

/** @param {import('./server.js').Visit} visit */
export const sendPage = ({ shop, response, cart }, page, extra = {}) =>
  send(response, {
    type: 'text/html; charset=utf-8',
    body: layout(shop, { ...page, cartCount: (extra.cart ?? cart).reduce((sum, { count }) => sum + count, 0) }),
    status: extra.status,
    headers: { 'cache-control': 'no-store', ...extra.headers },
  })

export const sendJson = (response, value, status = 200) =>
  send(response, { status, type: 'application/json', body: `${JSON.stringify(value)}\n` })

/** See other: after a form, so that a reload does not send it twice. */
export const redirect = (response, location, headers = {}) => {
  response.writeHead(303, { location, 'content-length': 0, ...headers })
  response.end()
}

const formBytesMax = 16_384

/**
 * The fields of a posted form. A form that is too long is read no further, and the connection closes with the answer.
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<URLSearchParams>}
 */
export const readForm = (request) =>
  new Promise((resolve, reject) => {
    const chunks = []
    let bytes = 0
    request.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes <= formBytesMax) chunks.push(chunk)
      else reject(new HttpError(413, 'That form is too long.'))
    })
    request.on('end', () => resolve(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))))
    request.on('error', reject)
  })
