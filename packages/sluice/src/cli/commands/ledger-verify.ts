import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { isoTime } from '../../core/iso-time.ts'
import { bytesOfAll } from '../../core/ledger/proof-file.ts'
import { type Cli, type Command, type Input, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'

type Found =
  | {
      readonly status: 'whole'
      readonly rows: number
      readonly head: { readonly seq: number; readonly hash: string }
      readonly pruned?: number
    }
  | { readonly status: 'broken'; readonly seq: number; readonly why: string; readonly detail: string }

/** `sluice ledger verify`. 3 when something is not as it was written. */
export const command: Command = async (cli, input) => {
  const [file, proof, checkpoint] = ['file', 'proof', 'checkpoint'].map((name) => pathOf(cli, textOption(input, name)))
  const keys = listOption(input, 'key')
  const anchor = anchorOf(textOption(input, 'anchor'))
  if (proof !== null && proof !== undefined) return verifyProof(cli, proof, keys)
  if (file !== null && file !== undefined) {
    const noted = { anchor, checkpoint: checkpoint ?? null, keys }
    const checked = await cli.host.verifyLedgerFile(file, noted)
    return tell(cli, checked.found, { name: checked.path, signedBy: checked.signedBy })
  }
  if (anchor !== undefined)
    throw new SluiceError('usage_invalid', {
      detail: '--anchor goes with --file',
      hint: 'sluice ledger verify --file .sluice --anchor 120:<hash>',
    })
  if (checkpoint !== null && checkpoint !== undefined) return verifyAgainst(cli, checkpoint, keys)
  return withClient(cli, 'read', async (client) =>
    tell(cli, await client.call('ledger.verify', { timeoutMs: 600_000 }), { name: 'the ledger', signedBy: null }),
  )
}

/** The ledger of a control plane against a checkpoint that was kept: what it answers is checked here, and not believed. */
const verifyAgainst = async (cli: Cli, path: string, keys: readonly string[]): Promise<number> => {
  const kept = await cli.host.checkCheckpoint(path, keys)
  return withClient(cli, 'read', async (client) => {
    const { to, hashes } = await client.call('ledger.consistency', { query: { from: kept.size } })
    const now = await cli.host.checkCheckpoint({ note: to.note }, keys)
    const claim = { before: kept, after: now, proof: bytesOfAll(hashes) }
    const isSame = now.origin === kept.origin && (await cli.host.isContinued(claim))
    if (!isSame)
      throw broken(`the ledger of ${now.size} rows does not begin with the ${kept.size} rows of ${path} (checkpoint)`)
    if (cli.globals.json) cli.json({ status: 'continued', from: kept.size, to: now.size, signedBy: now.signedBy })
    else
      cli.print(
        `${cli.style.mark('done')} the ledger goes on from the checkpoint: ${rowsOf(kept.size)} then, ${rowsOf(now.size)} now`,
      )
    tellKeys(cli, now.signedBy)
    return 0
  })
}

const verifyProof = async (cli: Cli, path: string, keys: readonly string[]): Promise<number> => {
  const found = await cli.host.checkProof(path, keys)
  if (found.status === 'refused') throw broken(`${path} proves nothing: ${found.reason}`)
  const { entry, hash, checkpoint } = found
  if (cli.globals.json) cli.json({ status: 'proven', row: entry, hash, size: checkpoint.size, signed: found.signed })
  else {
    cli.print(
      `${cli.style.mark('done')} row ${entry.seq} is in the ledger of ${checkpoint.origin} with ${rowsOf(checkpoint.size)}`,
    )
    cli.print(`  ${isoTime(entry.at)}  ${entry.actor.name}  ${entry.type}  ${entry.key.kind} ${entry.key.id}`)
    if (entry.reason !== null) cli.print(`  ${entry.reason}`)
  }
  tellKeys(cli, found.signed === null ? [] : [checkpoint.origin])
  return 0
}

const pathOf = ({ cwd }: Cli, text: string | null): string | null => (text === null ? null : resolve(cwd, text))

const listOption = ({ options }: Input, name: string): readonly string[] => {
  const value = options[name]
  const list = Array.isArray(value) ? value : [value]
  return list.filter((item) => typeof item === 'string')
}

/** Parser of `--anchor`. */
const anchorOf = (text: string | null): { readonly seq: number; readonly hash: string } | undefined => {
  if (text === null) return undefined
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined)
    throw new SluiceError('usage_invalid', {
      detail: `--anchor ${text} is not of the form number:hash`,
      hint: '--anchor 120:<64 hex digits>',
    })
  return { seq: Number(match[1]), hash: match[2] }
}

type About = { readonly name: string; readonly signedBy: readonly string[] | null }

const tell = (cli: Cli, found: Found, { name, signedBy }: About): number => {
  if (found.status === 'broken') throw broken(`${name}: ${found.detail} (${found.why})`)
  if (cli.globals.json) cli.json({ ...found, ...(signedBy === null ? {} : { signedBy }) })
  else {
    cli.print(`${cli.style.mark('done')} ${name} is whole: ${rowsOf(found.rows)}`)
    cli.print(`  head  ${found.head.seq}:${found.head.hash}`)
    if (found.pruned !== undefined)
      cli.print(`  ${rowsOf(found.pruned)} were pruned: of those only the places were checked`)
    if (signedBy === null)
      cli.note('  that no row was cut off its end shows a checkpoint that was kept elsewhere: sluice ledger checkpoint')
  }
  if (signedBy !== null) tellKeys(cli, signedBy)
  return 0
}

const tellKeys = (cli: Cli, signedBy: readonly string[]): void => {
  if (signedBy.length > 0) cli.note(`  signed by ${signedBy.join(', ')}`)
  else cli.note(`${cli.noteStyle.mark('warn')} whose checkpoint it is was not checked: --key <public key>`)
}

const rowsOf = (rows: number): string => `${rows.toLocaleString('en')} rows`

const broken = (detail: string): SluiceError =>
  new SluiceError('ledger_broken', {
    detail,
    hint: 'keep a copy as it is, then compare it with an export that was kept elsewhere',
  })
