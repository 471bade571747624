import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { it } from 'node:test'
import { isListening } from './listening.ts'
import { groupOf } from './groups.ts'

const serverOn = async (host: string): Promise<{ readonly server: net.Server; readonly port: number }> => {
  const server = net.createServer().listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { server, port: address.port }
}

/** Above the highest pid that Linux gives. */
const nobodysGroup = 4_194_305

it('who listens is told by the socket, whichever family it is of, and nobody listens once it is closed', async (t) => {
  const own = Number(await groupOf(String(process.pid)))
  for (const host of ['127.0.0.1', '::1']) {
    const found = await serverOn(host).catch(() => null)
    if (found === null) {
      t.diagnostic(`this machine has no ${host}`)
      continue
    }
    assert.equal(await isListening(own, host, found.port), true)
    if (process.platform === 'linux') assert.equal(await isListening(nobodysGroup, host, found.port), false)
    found.server.close()
    await once(found.server, 'close')
    assert.equal(await isListening(own, host, found.port), false)
  }
})
