import { isoTime } from '../../core/iso-time.ts'
import type { ReleaseDetailView } from '../../http/client/release-views.ts'
import type { Command } from '../cli.ts'
import { withClient } from '../connect.ts'
import type { Style } from '../render/style.ts'
import { countOf } from '../../http/client/words.ts'
import { required } from './which.ts'

/** `sluice releases show`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const release = await client.call('releases.show', { params: { release: required(input.args[0], 'a release') } })
    if (cli.globals.json) cli.json({ release })
    else for (const line of releaseLines(release, cli.style)) cli.print(line)
    return 0
  })

const releaseLines = (release: ReleaseDetailView, style: Style): readonly string[] => {
  const row = (name: string, text: string): string => `${style.dim(name.padEnd(11))} ${text}`
  return [
    style.bold(`${release.service} ${release.version}`),
    row('id', release.id),
    row('commit', `${release.commit.id} ${release.commit.subject}, ${release.commit.author}`),
    row('cut', `${isoTime(release.cutAt)} by ${release.cutBy}`),
    row('start', `${release.start.command}   in ${release.start.artifact}`),
    ...release.artifacts.map(({ name, digest, bytes }) =>
      row('artifact', `${name}  ${digest}  ${bytes.toLocaleString('en')} bytes`),
    ),
    ...release.specs.map((spec) =>
      row(
        'environment',
        `${spec.name}  ${spec.strategy.kind}  ${countOf(spec.instances, 'instance')}  ${spec.listen.host}:${spec.listen.port}`,
      ),
    ),
    ...release.migrations.map((migration) => row('migration', migration)),
    ...release.flags.map((flag) => row('flag', flag)),
    ...release.gates.map(({ gate, status }) => row('gate', `${gate}  ${status === 'pass' ? 'passed' : 'waived'}`)),
    ...(release.hold === null
      ? []
      : [
          row(
            'held',
            `${release.hold.reason ?? 'no reason given'}, by ${release.hold.by.name} ${isoTime(release.hold.at)}: ${release.hold.detail}   sluice releases unhold ${release.version}`,
          ),
        ]),
    row('serves', release.serves.length === 0 ? 'nowhere' : release.serves.join(', ')),
  ]
}
