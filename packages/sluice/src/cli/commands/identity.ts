/** What the commands of people and tokens have in common. */
import { SluiceError } from '../../core/errors.ts'
import { type Role, roles } from '../../core/identity/permissions.ts'
import type { GrantInput } from '../../http/client/contract-identity.ts'
import { type Cli, flagOption, type Input, textOption } from '../cli.ts'
import { pipedSecret, typedSecret } from '../secret-input.ts'

/** The role by that name. `usage_invalid`. */
export const roleNamed = (text: string): Role => {
  const role = roles.find((one) => one === text)
  if (role !== undefined) return role
  throw new SluiceError('usage_invalid', {
    detail: `there is no role ${text}; there are ${roles.join(', ')}`,
    hint: 'sluice user role ada deployer --in staging',
  })
}

/** `--in staging,production`; null for everywhere. */
export const environmentsOf = (input: Input): readonly string[] | null => {
  const names = (textOption(input, 'in') ?? '').split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return given.length === 0 ? null : given
}

/** `--role` and `--in`; null without a role. */
export const grantOption = (input: Input): GrantInput | null => {
  const role = textOption(input, 'role')
  if (role !== null) return { role: roleNamed(role), environments: environmentsOf(input) }
  if (environmentsOf(input) === null) return null
  throw new SluiceError('usage_invalid', {
    detail: '--in says where a role counts, and no role was named',
    hint: '--role deployer --in staging',
  })
}

/** A password: from stdin when asked so, else typed. */
export const passwordOf = (cli: Cli, input: Input, question: string): Promise<string> =>
  flagOption(input, 'passwordStdin') ? pipedSecret('password') : typedSecret(cli, question)

/** A new password, typed twice. */
export const newPasswordOf = async (cli: Cli, input: Input): Promise<string> => {
  const password = await passwordOf(cli, input, 'new password')
  if (flagOption(input, 'passwordStdin')) return password
  if ((await typedSecret(cli, 'the same again')) === password) return password
  throw new SluiceError('usage_invalid', { detail: 'the two are not the same', hint: 'type it again' })
}

/** A role and where it counts, in words. */
export const grantWords = ({ role, environments = null, service = null }: GrantInput): string =>
  `${role}${environments === null ? '' : ` in ${environments.join(', ')}`}${service === null ? '' : ` of ${service}`}`
