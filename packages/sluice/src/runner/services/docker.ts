/** Services that run as containers, where there is no program of the machine's own. Sources: docker-run(1), docker-port(1). */
import type { PlannedService } from '../../core/pipeline/job-plan.ts'

/** A container as it is named and found again. */
export type Container = {
  readonly name: string
  /** Common to the containers of one job. */
  readonly label: string
  readonly service: PlannedService & { readonly image: string }
  /** Ports inside and the ports of this machine that lead to them. */
  readonly ports: readonly { readonly inside: number; readonly outside: number }[]
}

/** Runs it in the foreground, so that its output is the job's; it is removed when it ends. */
export const runWords = ({ name, label, service, ports }: Container): readonly string[] => [
  'docker',
  'run',
  '--rm',
  `--name=${name}`,
  `--label=sluice.job=${label}`,
  ...Object.keys(service.env).flatMap((variable) => ['--env', variable]),
  ...ports.flatMap(({ inside, outside }) => ['--publish', `127.0.0.1:${outside}:${inside}`]),
  service.image,
]

/** Whether it answers, from inside. */
export const readyWords = (name: string, command: string): readonly string[] => [
  'docker',
  'exec',
  name,
  'sh',
  '-c',
  command,
]

/** What asks images of these kinds whether they are ready: the port alone is open before that. */
export const readyCommands = {
  postgres: 'pg_isready -q -h 127.0.0.1',
  redis: 'redis-cli ping',
  mysql: 'mysqladmin ping -h 127.0.0.1 || mariadb-admin ping -h 127.0.0.1',
} as const

/** Removes every container of a job, running or not; succeeds only when the engine says that there is none, or takes them away. One that is going already cannot be removed: then it is asked again. */
export const removeWords = (label: string): readonly string[] => [
  'sh',
  '-c',
  `for turn in 1 2 3 4 5; do
     ids=$(docker ps -aq --filter label=sluice.job=${label}) || exit 1
     [ -n "$ids" ] || exit 0
     docker rm -f $ids >/dev/null && exit 0
     sleep 0.2
   done
   exit 1`,
]

/** Succeeds when an engine answers. */
export const engineWords: readonly string[] = ['docker', 'version', '--format', '{{.Server.Version}}']
