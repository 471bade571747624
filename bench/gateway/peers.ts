/** The proxies that are measured: each on one core, with kept-alive upstream connections, forwarding fields and no access log. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gatewayNodeOptions } from '../../packages/sluice/src/gateway/node-options.ts'

/** The core of the proxy, and the core of the load generator and the upstream. */
export const proxyCore = 0
export const loadCore = 1

/** A running proxy. */
export type Proxy = {
  readonly name: string
  readonly port: number
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** Where a proxy lives and what it proxies. */
export type Place = { readonly folder: string; readonly port: number; readonly upstreamPort: number }

/** Installs what is missing from the system's packages; throws when that does not work. */
export const installPeers = (): void => {
  const programs = { haproxy: 'haproxy', nginx: 'nginx', caddy: 'caddy', wrk: 'wrk' }
  const missing = Object.entries(programs).filter(([program]) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return
  const packages = missing.map(([, name]) => name)
  const install = (): number | null =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status
  if (install() === 0) return
  spawnSync('apt-get', ['update'], { stdio: 'ignore' })
  if (install() !== 0)
    throw new Error(`cannot install ${packages.join(', ')}: as root, run apt-get install ${packages.join(' ')}`)
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => {}).unref()
    setTimeout(() => socket.destroy(), 50).unref()
  })

const start = async (
  name: string,
  command: readonly string[],
  options: {
    readonly port: number
    readonly core: number
    readonly env?: NodeJS.ProcessEnv
    readonly folder: string
    readonly endBy?: NodeJS.Signals
  },
): Promise<Proxy> => {
  const log = fs.openSync(path.join(options.folder, `${name}.log`), 'a')
  const child: ChildProcess = spawn('taskset', ['-c', String(options.core), ...command], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  })
  const until = performance.now() + 10_000
  while (!(await accepts(options.port))) {
    if (child.exitCode !== null || performance.now() > until) {
      throw new Error(
        `${name} does not start: ${fs.readFileSync(path.join(options.folder, `${name}.log`), 'utf8').slice(-500)}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill(options.endBy ?? 'SIGKILL')
    })
  return { name, port: options.port, pid: child.pid ?? 0, stop }
}

const nginxConfig = (place: Place, server: string): string => `
  daemon off; master_process off; pid ${place.folder}/nginx-${place.port}.pid; error_log stderr;
  events { worker_connections 4096; }
  http {
    access_log off; keepalive_requests 1000000000; default_type text/plain;
    client_body_temp_path ${place.folder}; proxy_temp_path ${place.folder}; fastcgi_temp_path ${place.folder};
    uwsgi_temp_path ${place.folder}; scgi_temp_path ${place.folder};
    ${server}
  }`

const nginx = (name: string, place: Place, setting: { server: string; core: number }): Promise<Proxy> => {
  const file = path.join(place.folder, `${name}.conf`)
  fs.writeFileSync(file, nginxConfig(place, setting.server))
  return start(name, ['nginx', '-e', 'stderr', '-c', file], {
    port: place.port,
    core: setting.core,
    folder: place.folder,
  })
}

/** What all proxies ask: nginx with a file of 1 kB, on the core of the load. */
export const startUpstream = (place: Omit<Place, 'upstreamPort'>): Promise<Proxy> => {
  fs.writeFileSync(path.join(place.folder, 'file'), 'x'.repeat(1_024))
  return nginx(
    'upstream',
    { ...place, upstreamPort: 0 },
    {
      server: `open_file_cache max=10; server { listen 127.0.0.1:${place.port} backlog=4096; root ${place.folder}; }`,
      core: loadCore,
    },
  )
}

const startNginx = (place: Place): Promise<Proxy> =>
  nginx('nginx', place, {
    core: proxyCore,
    server: `upstream u { server 127.0.0.1:${place.upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
     server { listen 127.0.0.1:${place.port} backlog=4096; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection "";
       proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
       proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Request-Id $request_id; } }`,
  })

const startHaproxy = (place: Place): Promise<Proxy> => {
  const file = path.join(place.folder, 'haproxy.cfg')
  fs.writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:${place.port} backlog 4096
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Request-Id %[uuid]
  default_backend b
backend b
  server s 127.0.0.1:${place.upstreamPort}
`,
  )
  return start('haproxy', ['haproxy', '-db', '-f', file], { port: place.port, core: proxyCore, folder: place.folder })
}

const startCaddy = (place: Place): Promise<Proxy> => {
  const file = path.join(place.folder, 'Caddyfile')
  fs.writeFileSync(
    file,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${place.port} {
  reverse_proxy 127.0.0.1:${place.upstreamPort} {
    header_up X-Request-Id {http.request.uuid}
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
  )
  const env = { GOMAXPROCS: '1', HOME: place.folder, XDG_CONFIG_HOME: place.folder, XDG_DATA_HOME: place.folder }
  return start('caddy', ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], {
    port: place.port,
    core: proxyCore,
    env,
    folder: place.folder,
  })
}

const bin = fileURLToPath(new URL('../../packages/sluice/src/gateway/bin.ts', import.meta.url))

/** Sends one command to the gateway. */
const command = (socketFile: string, body: object): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = net.connect(socketFile).setEncoding('utf8')
    socket.once('error', reject)
    socket.once('data', (text) => {
      socket.destroy()
      if (String(text).includes('"ok":true')) resolve()
      else reject(new Error(String(text)))
    })
    socket.write(`${JSON.stringify({ id: 1, ...body })}\n`)
  })

/** Sluice's gateway as a rollout has it: two arms, an armed tripwire, sticky cookies for clients that keep them. */
const startSluice = async (place: Place): Promise<Proxy> => {
  const stateDir = path.join(place.folder, 'state')
  const controlPort = place.port
  fs.mkdirSync(stateDir, { recursive: true })
  const waiting = start('gateway', [process.execPath, ...gatewayNodeOptions, bin, '--state-dir', stateDir], {
    port: controlPort,
    core: proxyCore,
    folder: place.folder,
    // Killed, it would be replaced by its standby.
    endBy: 'SIGTERM',
  })
  const socketFile = path.join(stateDir, 'gateway.sock')
  const arm = (name: string, letter: string, shareBp: number): object => ({
    name,
    release: `rel_${letter.repeat(64)}`,
    shareBp,
    upstreams: [{ instance: name, host: '127.0.0.1', port: place.upstreamPort }],
  })
  const route = {
    service: 'bench',
    environment: 'production',
    listen: { host: '127.0.0.1', port: place.port },
    fence: { token: 1, sequence: 1 },
    arms: [arm('stable', 'a', 9_500), arm('candidate', 'b', 500)],
    sticky: { kind: 'header', name: 'x-user' },
    salt: 'bench',
    tripwire: {
      rollout: 'rol_bench',
      policy: { alpha: 0.01, tolerance: 1, ignoreBelow: 0.0005, intervalMs: 1_000, staleAfterMs: 5_000 },
    },
    health: {
      path: '/file',
      intervalMs: 1_000,
      timeoutMs: 1_000,
      healthyAfter: 1,
      unhealthyAfter: 3,
      startTimeoutMs: 1_000,
    },
  }
  const until = performance.now() + 5_000
  for (;;) {
    try {
      await command(socketFile, { kind: 'set_route', route })
      break
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return waiting
}

/** Every proxy by name, the gateway first. */
export const proxies: readonly (readonly [string, (place: Place) => Promise<Proxy>])[] = [
  ['gateway', startSluice],
  ['haproxy', startHaproxy],
  ['nginx', startNginx],
  ['caddy', startCaddy],
]
