/** Clients that take their time, with an API that has none to lose. */
import { deepStrictEqual } from 'node:assert/strict'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { after, before, test } from 'node:test'
import { listen, type Listening } from '../../src/http/server.ts'

let listening: Listening

/** Answers once it has the whole body. */
const api = { fetch: async (asked: Request) => new Response(String((await asked.arrayBuffer()).byteLength)) }

before(async () => {
  const patience = { bodyMs: 200, transferMs: 60_000 }
  listening = await listen(api, { host: '127.0.0.1', port: 0, patience })
})
after(() => listening.close())

type Sending = { readonly sending: ClientRequest; readonly status: Promise<number | undefined> }

const begin = (method: string, path: string): Sending => {
  const sending = request(`${listening.url}${path}`, { method, headers: { 'content-length': '20' } })
  const status = new Promise<number | undefined>((resolve, reject) => {
    sending.on('response', (answer: IncomingMessage) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sending.on('error', reject)
  })
  sending.write('the first')
  return { sending, status }
}

test('what goes to the shared cache may take as long as a transfer may, any other body may not', async () => {
  const upload = begin('PUT', '/v1/cache/protected/blobs/00/00')
  // One after the other: by then the upload has taken twice as long as they may.
  for (const path of ['/v1/runs', '/v1/cache/../runs']) deepStrictEqual(await begin('POST', path).status, 408)
  upload.sending.end(' and more..')
  deepStrictEqual(await upload.status, 200)
})
