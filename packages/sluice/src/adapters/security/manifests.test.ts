import { deepStrictEqual, equal, match } from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { scanManifests } from './manifests.ts'

const signal = new AbortController().signal
const now = Date.UTC(2026, 8, 1)
let root = ''

const repository = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const directory = await mkdtemp(join(root, 'repository-'))
  await execa('git', ['init', '--quiet', directory])
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text)
  }
  return directory
}

const scan = async (files: Readonly<Record<string, string>>, paths: readonly string[] | null = null) =>
  scanManifests({ directory: await repository(files), paths, allowances: [], now }, signal)

const places = async (file: string, text: string): Promise<readonly string[]> =>
  (await scan({ [file]: text })).findings
    .map(({ rule, line }) => `${line} ${rule}`)
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))

describe('the checks of Dockerfiles and manifests', () => {
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-manifests-'))
  })
  after(() => rm(root, { recursive: true, force: true }))

  it('find what is wrong with a Dockerfile, at its line', async () => {
    const bad = `# syntax=docker/dockerfile:1
FROM node AS build
ARG NPM_TOKEN=abc123
ENV NODE_ENV=production API_KEY="abc" EMPTY_SECRET="" FROM_ARG_TOKEN=$NPM_TOKEN
RUN curl -fsSL https://get.acme.io/install | bash
RUN apt-get install -y \\
      git && \\
    chmod 777 /srv
RUN sudo apt-get upgrade && wget --no-check-certificate https://acme.io/x
FROM build
ADD https://acme.io/tool /usr/bin/tool
ADD src /src
COPY .env.example .env.example
COPY package.json .env /srv/
WORKDIR srv
EXPOSE 8080 22
USER root
CMD node first.js
CMD ["node", "server.js"]
`
    deepStrictEqual(await places('Dockerfile', bad), [
      '2 docker/latest',
      '3 docker/secret-env',
      '4 docker/secret-env',
      '5 docker/pipe-to-shell',
      '6 docker/apt-recommends',
      '6 docker/apt-update',
      '6 docker/world-writable',
      '9 docker/sudo',
      '9 docker/tls',
      '9 docker/upgrade',
      '10 docker/healthcheck',
      '11 docker/add-remote',
      '12 docker/add',
      '14 docker/copy-secret',
      '15 docker/workdir',
      '16 docker/ssh',
      '17 docker/root',
      '18 docker/overridden',
      '18 docker/shell-form',
    ])
  })

  it('find nothing in a Dockerfile as it should be, heredocs and stages included', async () => {
    const good = `FROM node:24.1.0-slim@sha256:${'a'.repeat(64)} AS base
USER 1000
FROM base AS build
WORKDIR /app
ADD --checksum=sha256:${'b'.repeat(64)} https://acme.io/tool.bin /tool
RUN --mount=type=secret,id=npm <<EOT
USER root
npm ci
EOT
RUN apt-get update && apt-get install -y --no-install-recommends git
FROM base
COPY --from=build /app /app
HEALTHCHECK CMD ["node", "health.js"]
ENTRYPOINT ["node", "server.js"]
`
    deepStrictEqual(await places('deploy/api.dockerfile', good), [])
  })

  it('find what is wrong with a workload of Kubernetes, at its line', async () => {
    const bad = `apiVersion: v1
kind: Secret
metadata: { name: db }
stringData:
  password: abc
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  template:
    spec:
      hostNetwork: true
      volumes:
        - name: run
          hostPath: { path: /var/run/docker.sock }
      containers:
        - name: api
          image: acme/api
          env:
            - name: DB_PASSWORD
              value: abc
          securityContext:
            privileged: true
            capabilities:
              add: [SYS_ADMIN]
`
    deepStrictEqual(await places('k8s/api.yaml', bad), [
      '4 kubernetes/secret',
      '13 kubernetes/service-account',
      '14 kubernetes/host-namespace',
      '17 kubernetes/host-path',
      '19 kubernetes/limits',
      '19 kubernetes/probes',
      '19 kubernetes/requests',
      '20 kubernetes/latest',
      '23 kubernetes/secret-env',
      '24 kubernetes/capabilities-drop',
      '24 kubernetes/escalation',
      '24 kubernetes/read-only',
      '24 kubernetes/root',
      '24 kubernetes/seccomp',
      '25 kubernetes/privileged',
      '27 kubernetes/capabilities',
    ])
  })

  it('find nothing in a workload as it should be', async () => {
    const good = `apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec:
  jobTemplate:
    spec:
      template:
        spec:
          automountServiceAccountToken: false
          securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
          containers:
            - name: main
              image: acme/job:1.2.3
              env: [{ name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }]
              resources: { limits: { memory: 64Mi }, requests: { cpu: 10m } }
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
`
    deepStrictEqual(await places('job.yml', good), [])
  })

  it('find what is wrong with a Compose file, at its line', async () => {
    const bad = `services:
  db:
    image: postgres:latest
    ports: ["5432:5432", "127.0.0.1:6379:6379"]
    environment:
      - POSTGRES_PASSWORD=abc
      - OTHER_PASSWORD=\${OTHER_PASSWORD}
  agent:
    build: .
    image: acme/agent
    privileged: true
    network_mode: host
    user: root
    cap_add: [SYS_PTRACE]
    security_opt: [seccomp=unconfined]
    mem_limit: 64m
    healthcheck: { test: [CMD, "true"] }
    environment: { API_TOKEN: abc }
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
      - /etc:/host/etc:ro
      - ./data:/data
`
    deepStrictEqual(await places('compose.prod.yaml', bad), [
      '2 compose/healthcheck',
      '2 compose/limits',
      '3 compose/latest',
      '4 compose/public-port',
      '6 compose/secret-env',
      '11 compose/privileged',
      '12 compose/host-namespace',
      '13 compose/root',
      '14 compose/capabilities',
      '15 compose/unconfined',
      '18 compose/secret-env',
      '20 compose/docker-socket',
      '21 compose/host-path',
    ])
  })

  it('are broken by a manifest that cannot be read, and by paths that lead nowhere; templates are counted', async () => {
    const manifest = 'apiVersion: v1\nkind: Pod\nspec:\n  containers: [\n'
    const unread = await scan({ 'a.yaml': manifest })
    equal(unread.status, 'broken')
    match(unread.reason ?? '', /^a\.yaml: /)
    equal((await scan({ 'a.txt': 'x' }, ['deploy/*.yaml'])).reason, 'There is no file that fits deploy/*.yaml.')
    const template = await scan({
      'chart/a.yaml': 'apiVersion: v1\nkind: Pod\nspec: {{ .Values.spec }}\n',
      'data.yaml': 'a: [',
    })
    deepStrictEqual([template.status, template.stats['templates']], ['ok', 1])
  })
})
