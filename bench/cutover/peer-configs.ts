/** How each peer is configured and told to switch to another backend: as its manual says, at its best. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'

/** Where a peer listens, what it serves from, and where its files go. */
export type PeerSetting = {
  readonly directory: string
  readonly port: number
  readonly adminPort: number
  readonly backendPort: number
}

/** A proxy that can switch backends while it serves. */
export type Peer = {
  readonly name: 'haproxy' | 'nginx' | 'caddy'
  readonly versionWords: readonly string[]
  /** Writes the configuration for the backend. */
  readonly write: (setting: PeerSetting) => void
  /** Words that start it in the foreground with the written configuration. */
  readonly start: (setting: PeerSetting) => readonly string[]
  /** Makes a running one take the written configuration. */
  readonly reload: (setting: PeerSetting, running: ChildProcess) => Promise<void>
}

/** Whether the program is installed, and its version. */
export const peerVersion = ({ name, versionWords }: Peer): string | null => {
  const { error, stdout, stderr } = spawnSync(name, [...versionWords], { encoding: 'utf8' })
  return error === undefined ? (/\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown') : null
}

/** New worker with the listening sockets of the old one (`expose-fd listeners`); the old one ends its connections. */
const haproxy: Peer = {
  name: 'haproxy',
  versionWords: ['-v'],
  write: ({ directory, port, backendPort }) =>
    writeFileSync(
      join(directory, 'haproxy.cfg'),
      `global
  maxconn 4000
  nbthread 1
  hard-stop-after 30s
  stats socket ${join(directory, 'haproxy.sock')} mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server one 127.0.0.1:${backendPort}
`,
    ),
  start: ({ directory }) => ['haproxy', '-W', '-db', '-f', join(directory, 'haproxy.cfg')],
  reload: async (_, running) => {
    running.kill('SIGUSR2')
  },
}

const nginx: Peer = {
  name: 'nginx',
  versionWords: ['-v'],
  write: ({ directory, port, backendPort }) =>
    writeFileSync(
      join(directory, 'nginx.conf'),
      `daemon off;
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'nginx.log')};
events { worker_connections 4000; }
http {
  access_log off;
  client_body_temp_path ${directory};
  proxy_temp_path ${directory};
  fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory};
  scgi_temp_path ${directory};
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream back { server 127.0.0.1:${backendPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      proxy_pass http://back;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_request_buffering off;
    }
  }
}
`,
    ),
  start: ({ directory }) => ['nginx', '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'nginx.log')],
  reload: async (_, running) => {
    running.kill('SIGHUP')
  },
}

const caddyConfig = ({ port, adminPort, backendPort }: PeerSetting): string =>
  JSON.stringify({
    admin: { listen: `127.0.0.1:${adminPort}` },
    logging: { logs: { default: { level: 'ERROR' } } },
    apps: {
      http: {
        servers: {
          front: {
            listen: [`127.0.0.1:${port}`],
            automatic_https: { disable: true },
            routes: [{ handle: [{ handler: 'reverse_proxy', upstreams: [{ dial: `127.0.0.1:${backendPort}` }] }] }],
          },
        },
      },
    },
  })

const caddy: Peer = {
  name: 'caddy',
  versionWords: ['version'],
  write: (setting) => writeFileSync(join(setting.directory, 'caddy.json'), caddyConfig(setting)),
  start: ({ directory }) => ['caddy', 'run', '--config', join(directory, 'caddy.json')],
  reload: (setting) => post(setting.adminPort, '/load', caddyConfig(setting)),
}

/** Every peer. */
export const peers: readonly Peer[] = [haproxy, nginx, caddy]

const post = (port: number, path: string, body: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`the admin API answered ${response.statusCode}`))
      })
    })
    request.on('error', reject)
    request.end(body)
  })
