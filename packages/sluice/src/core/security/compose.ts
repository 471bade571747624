/** Checks of Compose files. Sources: the Compose specification, CIS Docker Benchmark 1.6, section 5. */
import { at, list, text, type ManifestDocument, type Path } from './kubernetes.ts'
import { isFloatingImage, isLiteral, type Placed, secretName } from './place.ts'
import type { Severity } from './scan.ts'

const dangerous = /^(?:CAP_)?(?:ALL|SYS_ADMIN|NET_ADMIN|SYS_PTRACE|SYS_MODULE|DAC_READ_SEARCH|SYS_RAWIO|BPF)$/

/** Ports of databases and caches, which hardly ever are for the whole network. */
const internalPorts = new Set(['3306', '5432', '6379', '27017', '9200', '11211', '5672', '2375'])

/** What is wrong with a Compose file. */
export const judgeCompose = (document: ManifestDocument): readonly Placed[] => {
  const services = at(document.value, ['services'])
  if (typeof services !== 'object' || services === null) return []
  return Object.entries(services).flatMap(([name, service]) => judgeService(name, service, document))
}

const judgeService = (name: string, service: unknown, document: ManifestDocument): readonly Placed[] => {
  const placed: Placed[] = []
  const say: Say = (path, [rule, severity, message]) => {
    const line = document.lineOf(['services', name, ...path])
    placed.push({ rule: `compose/${rule}`, severity, message: `Service ${name} ${message}`, line })
  }
  const image = at(service, ['image'])
  if (typeof image === 'string' && at(service, ['build']) === undefined && isFloatingImage(image))
    say(['image'], ['latest', 'medium', `runs ${image}, which is not the same tomorrow: name a version or a digest.`])
  if (at(service, ['privileged']) === true)
    say(['privileged'], ['privileged', 'critical', 'is privileged: it is root on this machine.'])
  for (const key of ['network_mode', 'pid', 'ipc', 'userns_mode'])
    if (at(service, [key]) === 'host')
      say([key], ['host-namespace', 'high', `shares the machine's namespace: ${key}: host.`])
  for (const [index, one] of list(at(service, ['cap_add'])).entries())
    if (dangerous.test(String(one))) say(['cap_add', index], ['capabilities', 'high', `gets ${String(one)}.`])
  for (const [index, volume] of list(at(service, ['volumes'])).entries())
    mounted(String(typeof volume === 'string' ? volume : at(volume, ['source'])), index, say)
  for (const [key, value, path] of variablesOf(at(service, ['environment'])))
    if (secretName.test(key) && isLiteral(value))
      say(['environment', path], ['secret-env', 'high', `has ${key} written out: use secrets, or \${${key}}.`])
  for (const [index, port] of list(at(service, ['ports'])).entries())
    if (typeof port === 'string' && isPublicInternal(port))
      say(
        ['ports', index],
        ['public-port', 'medium', `is open to the whole network on ${port}: write 127.0.0.1:${port}.`],
      )
  if (/^(?:root|0)(?::|$)/.test(text(at(service, ['user'])))) say(['user'], ['root', 'medium', 'runs as root.'])
  if (list(at(service, ['security_opt'])).some((one) => /unconfined$|label[:=]disable/.test(String(one))))
    say(['security_opt'], ['unconfined', 'high', 'is kept by no profile.'])
  if (
    at(service, ['mem_limit']) === undefined &&
    at(service, ['deploy', 'resources', 'limits', 'memory']) === undefined
  )
    say([], ['limits', 'low', "has no memory limit, and takes its neighbours' memory."])
  if (at(service, ['healthcheck']) === undefined)
    say([], ['healthcheck', 'low', 'has no healthcheck, unless its image has one.'])
  return placed
}

type Say = (path: Path, what: readonly [rule: string, severity: Severity, message: string]) => void

const mounted = (source: string, index: number, say: Say): void => {
  const [host = ''] = source.split(':')
  if (/(?:docker|containerd|podman)\.sock$/.test(host))
    say(['volumes', index], ['docker-socket', 'critical', 'has the container runtime of this machine in its hands.'])
  else if (/^\/(?:$|etc|root|proc|sys|boot|dev|var\/run|var\/lib\/docker)(?:\/|$)?/.test(host))
    say(['volumes', index], ['host-path', 'high', `sees ${host} of this machine.`])
}

const isPublicInternal = (port: string): boolean => {
  const parts = port.replace(/\/\w+$/, '').split(':')
  return parts.length === 2 && internalPorts.has(parts[1] ?? '')
}

/** Variables as pairs, written as a mapping or as a list of `NAME=value`. */
const variablesOf = (value: unknown): readonly (readonly [key: string, value: string, path: string | number])[] => {
  if (Array.isArray(value))
    return value.flatMap((one, index) => {
      const [, key = '', text = ''] = /^([^=]+)=(.*)$/s.exec(String(one)) ?? []
      return key === '' ? [] : [[key, text, index] as const]
    })
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([key, one]) => [key, String(one ?? ''), key] as const)
}
