/** Those for whom somebody else vouches: people of a provider, and jobs of CI services. */
import { SluiceError } from '../../core/errors.ts'
import { type PersonEvent, personNameForm } from '../../core/identity/person.ts'
import type { Sha256 } from '../../core/model.ts'
import { sluice } from '../../core/model.ts'
import type { Vouched, VouchedJob } from '../../ports/identity-provider.ts'
import { addPerson, type IdentityDesk, type Issued, issueToken, record } from './commands.ts'

/**
 * The person that a provider vouches for, added when it comes for the first time. `sign_in_failed` when the name is somebody else's, or was taken away from it here: a provider that gives a name to
 * another person does not give it what the first one had.
 */
export const welcome = async (desk: IdentityDesk, { issuer, subject, name, groups }: Vouched): Promise<string> => {
  if (!personNameForm.test(name)) throw refused(`${JSON.stringify(name.slice(0, 100))} cannot be a name here`)
  const person = await desk.reading.person(name)
  const source = { kind: 'oidc', issuer, subject } as const
  if (person === null) await addPerson(desk, { name, source }, { by: sluice, reason: `signed in at ${issuer}` })
  else if (person.status === 'removed') throw refused(`${name} was removed from here by ${person.removedBy.name}`)
  else if (person.source.kind !== 'oidc' || person.source.issuer !== issuer || person.source.subject !== subject)
    throw refused(`the name ${name} is that of somebody else here`)
  const event: PersonEvent = { type: 'groups_changed', at: desk.clock.now(), groups }
  await record(desk, { kind: 'person', id: name, event }, { by: sluice, reason: `as ${issuer} says` })
  return name
}

/**
 * A short-lived token for a job. What it showed is good once: the token's id comes from it, so that a second one would be the same, and is refused, whether or not the control plane was started again
 * in between.
 */
export const admitJob = async (
  desk: IdentityDesk,
  { rule, subject, once, startedBy }: VouchedJob,
  sha256: Sha256,
): Promise<Issued & { readonly expiresAt: number }> => {
  const id = `tok_${onceId(sha256(`${rule.issuer}\n${once}`))}`
  if ((await desk.reading.token(id)) !== null) throw refused('what the job showed was shown before; it is good once')
  const expiresAt = desk.clock.now() + rule.lifetimeMs
  const wish = {
    kind: 'wif' as const,
    label: rule.name,
    owner: null,
    scope: [rule.grant],
    expiresAt,
    giver: null,
    workload: { rule: rule.name, issuer: rule.issuer, subject, startedBy },
  }
  const issued = await issueToken(
    desk,
    { ...wish, id },
    { by: sluice, reason: `let in by access.workloads.${rule.name}` },
  )
  return { ...issued, expiresAt }
}

/** 19 base-36 digits of a hash. */
const onceId = (hex: string): string => BigInt(`0x${hex}`).toString(36).slice(-19).padStart(19, '0')

const refused = (detail: string): SluiceError =>
  new SluiceError('sign_in_failed', { detail, hint: 'an admin of this control plane can tell more: sluice user ls' })
