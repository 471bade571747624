// The service that the drivers' tests run. Its behaviour is its first argument.
import { spawn } from 'node:child_process'
import http from 'node:http'

const [behaviour = 'answers'] = process.argv.slice(2)
const { PORT, HOST } = process.env

const behaviours = {
  answers: () => listen(),
  ends: () => {
    console.log('starting')
    console.error(`cannot find the database, password ${process.env.TOKEN}`)
    process.exit(3)
  },
  stubborn: () => {
    process.on('SIGTERM', () => console.log('ignored SIGTERM'))
    listen()
  },
  graceful: () => {
    process.on('SIGTERM', () => {
      console.log('goes in peace')
      setTimeout(() => process.exit(0), 50)
    })
    listen()
  },
  mute: () => setInterval(() => {}, 60_000),
  daemon: () => {
    spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref()
    listen()
  },
  chatty: () => {
    console.log('the first line')
    console.log('x'.repeat(Number(process.env.LINE_BYTES)))
    listen()
  },
}

const listen = () =>
  http
    .createServer((request, response) => {
      if (request.url === '/crash') process.exit(1)
      response.end(JSON.stringify({ pid: process.pid, folder: process.cwd(), variables: process.env }))
    })
    .listen(Number(PORT), HOST, () => console.log(`listens on ${PORT}`))

behaviours[behaviour]()
