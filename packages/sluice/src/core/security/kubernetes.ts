/** Checks of Kubernetes manifests. Sources: Pod Security Standards (restricted), CIS Kubernetes Benchmark 1.9 section 5, kube-score. */
import { isFloatingImage, isLiteral, type Placed, secretName } from './place.ts'
import type { Severity } from './scan.ts'

/** A path into a document. */
export type Path = readonly (string | number)[]

/** A document, and the line of a path in it (or of what of it is there). */
export type ManifestDocument = { readonly value: unknown; readonly lineOf: (path: Path) => number | null }

/** Says something about a path of a document. */
type Say = (path: Path, what: readonly [rule: string, severity: Severity, message: string]) => void

const podPaths: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}

/** Capabilities that give a container the node, or nearly. */
const dangerous = new Set([
  'ALL',
  'SYS_ADMIN',
  'NET_ADMIN',
  'SYS_PTRACE',
  'SYS_MODULE',
  'DAC_READ_SEARCH',
  'SYS_RAWIO',
  'BPF',
  'NET_RAW',
])

/** What is wrong with one document; nothing with those that run nothing. */
export const judgeKubernetes = (document: ManifestDocument): readonly Placed[] => {
  const placed: Placed[] = []
  const say: Say = (path, [rule, severity, message]) => {
    placed.push({ rule, severity, message, line: document.lineOf(path) })
  }
  const kind = String(at(document.value, ['kind']))
  if (kind === 'Secret') secretDocument(document.value, say)
  const path = podPaths[kind]
  if (path !== undefined) {
    const name = text(at(document.value, ['metadata', 'name']))
    podSpec(
      {
        spec: at(document.value, path),
        path,
        owner: `${kind} ${name}`,
        isLongRunning: kind !== 'Job' && kind !== 'CronJob',
      },
      say,
    )
  }
  return placed
}

type Pod = { readonly spec: unknown; readonly path: Path; readonly owner: string; readonly isLongRunning: boolean }

const podSpec = (pod: Pod, say: Say): void => {
  const { spec, path, owner } = pod
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (at(spec, [key]) === true)
      say([...path, key], ['kubernetes/host-namespace', 'high', `${owner} shares the node's ${key.slice(4)}.`])
  for (const [index, volume] of list(at(spec, ['volumes'])).entries()) {
    const host = text(at(volume, ['hostPath', 'path']))
    if (host === '') continue
    const isSocket = /(?:docker|containerd|crio)\.sock$/.test(host)
    const what = isSocket ? 'has the container runtime of its node in its hands' : `sees ${host} of its node`
    say(
      [...path, 'volumes', index, 'hostPath'],
      ['kubernetes/host-path', isSocket ? 'critical' : 'high', `${owner} ${what}.`],
    )
  }
  if (at(spec, ['automountServiceAccountToken']) !== false && at(spec, ['serviceAccountName']) === undefined)
    say(path, [
      'kubernetes/service-account',
      'low',
      `${owner} gets the token of the default service account: automountServiceAccountToken: false.`,
    ])
  for (const kind of ['initContainers', 'containers'])
    for (const [index, value] of list(at(spec, [kind])).entries()) {
      const name = `container ${text(at(value, ['name'])) || index} of ${owner}`
      container({ value, pod, path: [...path, kind, index], name, isMain: kind === 'containers' }, say)
    }
}

type Container = {
  readonly value: unknown
  readonly pod: Pod
  readonly path: Path
  readonly name: string
  readonly isMain: boolean
}

const container = (one: Container, say: Say): void => {
  const { value, path, name } = one
  const image = at(value, ['image'])
  if (typeof image === 'string' && isFloatingImage(image))
    say(
      [...path, 'image'],
      [
        'kubernetes/latest',
        'medium',
        `The image ${image} of ${name} is not the same tomorrow: name a version or a digest.`,
      ],
    )
  rights(one, say)
  if (at(value, ['resources', 'limits', 'memory']) === undefined)
    say(
      [...path, 'resources'],
      ['kubernetes/limits', 'medium', `The ${name} has no memory limit, and takes its neighbours' memory.`],
    )
  if (at(value, ['resources', 'requests', 'cpu']) === undefined)
    say(
      [...path, 'resources'],
      ['kubernetes/requests', 'low', `The ${name} requests no CPU, so that the scheduler does not know where it fits.`],
    )
  if (one.isMain && one.pod.isLongRunning && at(value, ['readinessProbe']) === undefined)
    say(path, ['kubernetes/probes', 'low', `The ${name} has no readinessProbe, and gets traffic before it can answer.`])
  for (const [index, variable] of list(at(value, ['env'])).entries()) {
    const [key, written] = [text(at(variable, ['name'])), text(at(variable, ['value']))]
    if (secretName.test(key) && isLiteral(written))
      say(
        [...path, 'env', index, 'value'],
        ['kubernetes/secret-env', 'high', `${key} of ${name} is written out: use valueFrom.secretKeyRef.`],
      )
  }
}

const rights = ({ value, pod, path, name }: Container, say: Say): void => {
  const context = [...path, 'securityContext']
  const own = (key: string): unknown => at(value, ['securityContext', key])
  const either = (key: string): unknown => own(key) ?? at(pod.spec, ['securityContext', key])
  if (own('privileged') === true)
    say(
      [...context, 'privileged'],
      ['kubernetes/privileged', 'critical', `The ${name} is privileged: it is root on its node.`],
    )
  if (own('allowPrivilegeEscalation') !== false)
    say(context, ['kubernetes/escalation', 'medium', `The ${name} may gain rights: allowPrivilegeEscalation: false.`])
  if (either('runAsNonRoot') !== true && !(Number(either('runAsUser')) > 0))
    say(context, ['kubernetes/root', 'medium', `The ${name} may run as root: runAsNonRoot: true.`])
  if (own('readOnlyRootFilesystem') !== true)
    say(context, ['kubernetes/read-only', 'low', `The ${name} may write its own files: readOnlyRootFilesystem: true.`])
  if (at(either('seccompProfile'), ['type']) === undefined)
    say(context, [
      'kubernetes/seccomp',
      'low',
      `The ${name} may make any system call: seccompProfile.type: RuntimeDefault.`,
    ])
  const added = list(at(value, ['securityContext', 'capabilities', 'add']))
    .map(String)
    .filter((one) => dangerous.has(one.replace(/^CAP_/, '')))
  if (added.length > 0)
    say(
      [...context, 'capabilities', 'add'],
      ['kubernetes/capabilities', 'high', `The ${name} gets ${added.join(', ')}.`],
    )
  if (!list(at(value, ['securityContext', 'capabilities', 'drop'])).includes('ALL'))
    say(context, [
      'kubernetes/capabilities-drop',
      'low',
      `The ${name} keeps capabilities that it does not need: drop: [ALL].`,
    ])
}

const secretDocument = (value: unknown, say: Say): void => {
  for (const key of ['data', 'stringData']) {
    const entries = at(value, [key])
    const filled =
      typeof entries === 'object' && entries !== null
        ? Object.entries(entries).filter(([, one]) => isLiteral(text(one)))
        : []
    if (filled.length > 0)
      say(
        [key],
        [
          'kubernetes/secret',
          'high',
          `The Secret ${String(at(value, ['metadata', 'name']))} is in the repository, readable by everybody who has it: seal or encrypt it, or take it from a secret store.`,
        ],
      )
  }
}

/** What is at a path; undefined where nothing is. */
export const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([name]) => name === String(key))?.[1]
        : undefined,
    value,
  )

/** A text; empty for anything else. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Items of a list; none of anything else. */
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
