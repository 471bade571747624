import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { secretNamePattern } from '../../core/secret.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { pipedText, secretText, typedSecret } from '../secret-input.ts'
import { freshKey } from './follow.ts'

/** `sluice secrets set`. */
export const command: Command = async (cli, input) => {
  const name = nameOf(input.args[0] ?? '')
  const value = await valueOf(cli, input, name)
  return withClient(cli, 'work', async (client) => {
    const { version } = await client.call('secrets.set', {
      params: { secret: name },
      body: { value, reason: textOption(input, 'message') },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ secret: name, version })
    else
      cli.print(
        `${cli.style.mark('done')} ${name} is set (version ${version}); what is cut or started from now on gets it`,
      )
    return 0
  })
}

/** What is no name is not repeated: `NAME=VALUE` has a value in it. */
const nameOf = (text: string): string => {
  if (secretNamePattern.test(text)) return text
  throw new SluiceError('usage_invalid', {
    detail: 'a secret is named as a variable is: letters, digits and _; its value never stands on the command line',
    hint: 'sluice secrets set DATABASE_URL < url.txt',
  })
}

/** The value: of the file, of stdin without its last line break, or typed. */
const valueOf = async (cli: Cli, input: Input, name: string): Promise<string> => {
  const file = textOption(input, 'fromFile')
  const value = file === null ? await givenValue(cli, name) : await fileText(resolve(cli.cwd, file))
  if (value.length >= 1 && value.length <= limits.secretCharactersMax) return value
  throw new SluiceError('usage_invalid', {
    detail: `a secret has 1 to ${limits.secretCharactersMax} characters, and this one has ${value.length}`,
    hint: `sluice secrets set ${name} --from-file <file>`,
  })
}

const givenValue = async (cli: Cli, name: string): Promise<string> =>
  process.stdin.isTTY ? typedSecret(cli, `value of ${name}`) : (await pipedText()).replace(/\r?\n$/, '')

const fileText = async (path: string): Promise<string> => {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new SluiceError('usage_invalid', {
      detail: `${path} cannot be read: ${String(error)}`,
      hint: 'name a file that is there',
    })
  })
  return secretText(bytes, path)
}
