/** Checks of Dockerfiles. Sources: Docker's build checks and best practices, hadolint's rules, CIS Docker Benchmark 1.6, section 4. */
import { isFloatingImage, isLiteral, type Placed, secretName } from './place.ts'
import type { Severity } from './scan.ts'

/** An instruction, continued lines joined. */
export type DockerInstruction = {
  /** In capitals: `RUN`. */
  readonly keyword: string
  /** What follows it, without flags and comments. */
  readonly text: string
  /** `--checksum=…`, `--from=build`. */
  readonly flags: readonly string[]
  /** From 1. */
  readonly line: number
}

type Stage = { readonly name: string | null; readonly instructions: readonly DockerInstruction[] }

/** What is wrong with a Dockerfile. Of a build of several stages, what only matters at run time is asked of the last one. */
export const judgeDockerfile = (instructions: readonly DockerInstruction[]): readonly Placed[] => {
  const stages = stagesOf(instructions)
  const names = new Set(stages.flatMap(({ name }) => name ?? []))
  const last = stages.at(-1)
  return [
    ...instructions.flatMap((one) => eachInstruction(one, names)),
    ...(last === undefined ? [] : finalStage(last, stages)),
    ...stages.flatMap(commandsOf),
  ]
}

const eachInstruction = (one: DockerInstruction, stages: ReadonlySet<string>): readonly Placed[] => {
  switch (one.keyword) {
    case 'FROM':
      return ofFrom(one, stages)
    case 'ADD':
      return ofAdd(one)
    case 'COPY':
      return ofCopy(one)
    case 'ENV':
    case 'ARG':
      return ofVariables(one)
    case 'RUN':
      return ofRun(one)
    case 'EXPOSE':
      return /(?:^|\s)22(?:\/tcp)?(?:\s|$)/.test(one.text)
        ? [at(one, ['docker/ssh', 'low', 'Port 22 is for SSH, which a container does not need.'])]
        : []
    case 'WORKDIR':
      return /^["']?(?:\/|\$|[A-Za-z]:)/.test(one.text)
        ? []
        : [at(one, ['docker/workdir', 'low', 'A relative WORKDIR depends on that of the base image: write it from /.'])]
    case 'MAINTAINER':
      return [
        at(one, ['docker/maintainer', 'low', 'MAINTAINER is deprecated: use LABEL org.opencontainers.image.authors.']),
      ]
    default:
      return []
  }
}

const ofFrom = (one: DockerInstruction, stages: ReadonlySet<string>): readonly Placed[] => {
  const [image = ''] = one.text.split(/\s+/)
  if (stages.has(image.toLowerCase()) || !isFloatingImage(image)) return []
  return [
    at(one, ['docker/latest', 'medium', `${image} is another image every week: name a version, best with its digest.`]),
  ]
}

const ofAdd = (one: DockerInstruction): readonly Placed[] => {
  if (/(?:^|[\s"[])https?:\/\//.test(one.text))
    return one.flags.some((flag) => flag.startsWith('--checksum'))
      ? []
      : [at(one, ['docker/add-remote', 'medium', 'ADD takes what the server gives that day: add --checksum=sha256:….'])]
  return /\.(?:tar|t?gz|tgz|bz2|xz|zst)\b|\.git\b|git@/.test(one.text)
    ? []
    : [at(one, ['docker/add', 'low', 'ADD unpacks and fetches; for a plain copy use COPY.'])]
}

const ofCopy = (one: DockerInstruction): readonly Placed[] =>
  /(?:^|[\s/"[])(?:\.env(?!\.(?:example|sample|template))[\w.-]*|id_(?:rsa|ed25519|ecdsa)|[\w.-]+\.(?:pem|p12|pfx|key)|\.npmrc|\.netrc|\.pgpass|credentials(?:\.json)?)(?=[\s",])/.test(
    one.text,
  )
    ? [
        at(one, [
          'docker/copy-secret',
          'high',
          'A file of secrets becomes part of the image: use RUN --mount=type=secret.',
        ]),
      ]
    : []

const ofVariables = (one: DockerInstruction): readonly Placed[] =>
  [...one.text.matchAll(/([A-Za-z_]\w*)(?:=|\s+(?=\S+$))("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)].flatMap(
    ([, name = '', value = '']) =>
      secretName.test(name) && isLiteral(value)
        ? [
            at(one, [
              'docker/secret-env',
              'high',
              `${name} is readable in the image's history: use RUN --mount=type=secret, or give it when it runs.`,
            ]),
          ]
        : [],
  )

const runRules: readonly (readonly [rule: string, severity: Severity, pattern: RegExp, message: string])[] = [
  [
    'docker/pipe-to-shell',
    'medium',
    /\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|da|z|a)?sh\b/,
    'What a server gives is run unseen: fetch a version, check its digest, then run it.',
  ],
  ['docker/sudo', 'low', /(?:^|[\s;&|])sudo\s/, 'sudo in a build has no use: USER says who runs.'],
  [
    'docker/world-writable',
    'medium',
    /\bchmod\s+(?:-\w+\s+)*(?:0?777|a\+rwx)\b/,
    'Everybody may write there: give the right to the one user that needs it.',
  ],
  [
    'docker/upgrade',
    'low',
    /\bapt(?:-get)?\s+(?:-\S+\s+)*(?:dist-)?upgrade\b/,
    'An upgrade makes another image of the same file: take a newer base image.',
  ],
  [
    'docker/tls',
    'high',
    /\b(?:curl\b[^|;&]*\s(?:-k|--insecure)\b|wget\b[^|;&]*--no-check-certificate|npm\s+(?:config\s+)?set\s+strict-ssl\s+false|NODE_TLS_REJECT_UNAUTHORIZED=0)/,
    'Nobody checks whose server answers.',
  ],
]

const ofRun = (one: DockerInstruction): readonly Placed[] => {
  const found = runRules
    .filter(([, , pattern]) => pattern.test(one.text))
    .map(([rule, severity, , message]) => at(one, [rule, severity, message]))
  const installs = /\bapt-get\s+(?:-\S+\s+)*install\b/.test(one.text)
  if (installs && !/\bapt-get\s+(?:-\S+\s+)*update\b/.test(one.text))
    found.push(
      at(one, [
        'docker/apt-update',
        'low',
        'Without apt-get update in the same RUN, a cached layer installs old packages.',
      ]),
    )
  if (installs && !/--no-install-recommends|APT::Install-Recommends/.test(one.text))
    found.push(
      at(one, ['docker/apt-recommends', 'low', 'Recommended packages come in as well: --no-install-recommends.']),
    )
  return found
}

const finalStage = (stage: Stage, stages: readonly Stage[]): readonly Placed[] => {
  const chain = chainOf(stage, stages)
  const first = stage.instructions[0]
  const place = first ?? { keyword: 'FROM', text: '', flags: [], line: 1 }
  const user = chain.findLast(({ keyword }) => keyword === 'USER')
  const who = user?.text.split(':')[0]?.trim() ?? ''
  const isRoot = user === undefined || who === 'root' || who === '0'
  const isRunnable = chain.some(({ keyword }) => keyword === 'CMD' || keyword === 'ENTRYPOINT')
  return [
    ...(isRoot
      ? [
          at(user ?? place, [
            'docker/root',
            'medium',
            'The container runs as root: add a USER without rights, best by number.',
          ]),
        ]
      : []),
    ...(isRunnable && !chain.some(({ keyword }) => keyword === 'HEALTHCHECK')
      ? [at(place, ['docker/healthcheck', 'low', 'Without a HEALTHCHECK a container that hangs counts as healthy.'])]
      : []),
  ]
}

const commandsOf = ({ instructions }: Stage): readonly Placed[] =>
  ['CMD', 'ENTRYPOINT'].flatMap((keyword) => {
    const all = instructions.filter((one) => one.keyword === keyword)
    const shells = all.filter(({ text }) => text !== '' && !text.startsWith('['))
    return [
      ...all
        .slice(0, -1)
        .map((one) => at(one, ['docker/overridden', 'low', `Only the last ${keyword} of a stage counts.`])),
      ...shells.map((one) =>
        at(one, [
          'docker/shell-form',
          'low',
          `${keyword} in shell form: signals end the shell, not the program. Write it as a list.`,
        ]),
      ),
    ]
  })

const at = (
  { line }: DockerInstruction,
  [rule, severity, message]: readonly [rule: string, severity: Severity, message: string],
): Placed => ({ rule, severity, message, line })

const stagesOf = (instructions: readonly DockerInstruction[]): readonly Stage[] => {
  const stages: { name: string | null; instructions: DockerInstruction[] }[] = []
  for (const one of instructions) {
    if (one.keyword === 'FROM')
      stages.push({ name: /\sas\s+(\S+)/i.exec(one.text)?.[1]?.toLowerCase() ?? null, instructions: [] })
    stages.at(-1)?.instructions.push(one)
  }
  return stages
}

/** Instructions of a stage after those of the stage that it is built on. */
const chainOf = (stage: Stage, stages: readonly Stage[]): readonly DockerInstruction[] => {
  const [base = ''] = stage.instructions[0]?.text.split(/\s+/) ?? []
  const parent = stages.slice(0, stages.indexOf(stage)).find(({ name }) => name === base.toLowerCase())
  return parent === undefined ? stage.instructions : [...chainOf(parent, stages), ...stage.instructions]
}
