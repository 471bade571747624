import { readFileSync } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import type { ReleaseVerificationView } from '../../http/client/release-views.ts'
import { type Cli, type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { required } from './which.ts'

/** `sluice releases verify`. 3 when the release or an artifact is not what it was, or its provenance does not verify. */
export const command: Command = (cli, input) =>
  withClient(cli, 'read', async (client) => {
    const file = textOption(input, 'key')
    const found = await client.call('releases.verify', {
      params: { release: required(input.args[0], 'a release') },
      query: file === null ? {} : { key: readKey(file) },
    })
    const isSame = found.intact && found.artifacts.every(({ status }) => status === 'ok')
    const isSound = isSame && found.artifacts.every(({ provenance }) => provenance?.status !== 'refused')
    if (cli.globals.json) cli.json({ ...found, sound: isSound })
    else tell(cli, found)
    if (!isSame && !cli.globals.json) cli.note('  next  sluice run   builds it again from the commit')
    return isSound ? 0 : 3
  })

const tell = ({ style, print }: Cli, { release, intact, artifacts }: ReleaseVerificationView): void => {
  const what = intact ? 'is what its id says' : 'is NOT what its id says'
  print(`${style.mark(intact ? 'done' : 'failed')} ${release.version}  ${release.id}  ${what}`)
  for (const { name, digest, status, provenance } of artifacts) {
    print(`${style.mark(status === 'ok' ? 'done' : 'failed')} ${name}  ${digest}  ${status}`)
    if (provenance === null) print(`${style.mark('waiting')} ${name}  has no provenance`)
    else if (provenance.status === 'refused')
      print(`${style.mark('failed')} ${name}  provenance refused: ${provenance.detail ?? ''}`)
    else print(`${style.mark('done')} ${name}  provenance verified, signed by ${provenance.keys.join(', ')}`)
  }
}

const readKey = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SluiceError('usage_invalid', {
      detail: `${file} cannot be read`,
      hint: 'sluice releases verify latest --key key.pem',
      cause,
    })
  }
}
