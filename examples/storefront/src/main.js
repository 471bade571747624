/** Starts the shop as the environment says and stops it on SIGTERM or SIGINT. */
import { readFileSync } from 'node:fs'
import { readEnv } from './env.js'
import { startServer } from './server.js'

const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

/** The build writes `version.json` beside `src`; from a checkout it is not there. */
const readVersion = () => {
  try {
    return readJson('../version.json')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    return { version: readJson('../package.json').version, commit: 'unbuilt' }
  }
}

const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

let env
try {
  env = readEnv(process.env)
} catch (error) {
  fail(error.message)
}

const log = (event, fields = {}) => {
  if (env.log === 'json')
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`)
}

try {
  const version = readVersion()
  const server = await startServer({ env, version, log })
  log('listening', { host: env.host, port: server.port, ...version })

  const stop = async (signal) => {
    log('stopping', { signal })
    setTimeout(() => fail(`requests were still in flight after ${env.shutdownGraceMs} ms`), env.shutdownGraceMs).unref()
    await server.stop()
    log('stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (error) {
  fail(error.code === 'EADDRINUSE' ? `port ${env.port} on ${env.host} is already in use` : error.stack)
}
