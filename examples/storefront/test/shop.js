/** A shop on a free port for the length of one test. */
import { readEnv } from '../src/env.js'
import { startServer } from '../src/server.js'

/** @param {import('node:test').TestContext} t */
export const openShop = async (t) => {
  const env = readEnv({ PORT: '0', LOG: 'silent' })
  const server = await startServer({ env, version: { version: '0.0.0', commit: 'test' }, log: () => {} })
  t.after(() => server.stop())
  return { ...server, base: `http://127.0.0.1:${server.port}` }
}
