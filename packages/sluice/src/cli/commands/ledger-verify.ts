import { resolve } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type Cli, type Command, textOption } from '../cli.ts'
import { withClient } from '../connect.ts'

type Found =
  | { readonly status: 'whole'; readonly rows: number; readonly head: { readonly seq: number; readonly hash: string } }
  | { readonly status: 'broken'; readonly seq: number; readonly why: string; readonly detail: string }

/** `sluice ledger verify`. 3 when the chain is broken. */
export const command: Command = async (cli, input) => {
  const file = textOption(input, 'file')
  const anchor = anchorOf(textOption(input, 'anchor'))
  if (file !== null) {
    const checked = await cli.host.verifyLedgerFile(resolve(cli.cwd, file), anchor)
    return tell(cli, checked.found, checked.path)
  }
  if (anchor !== undefined)
    throw new SluiceError('usage_invalid', {
      detail: '--anchor goes with --file',
      hint: 'sluice ledger verify --file .sluice --anchor 120:<hash>',
    })
  return withClient(cli, 'read', async (client) =>
    tell(cli, await client.call('ledger.verify', { timeoutMs: 600_000 }), 'the ledger'),
  )
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

const tell = (cli: Cli, found: Found, name: string): number => {
  if (found.status === 'broken') {
    throw new SluiceError('ledger_broken', {
      detail: `${name}: ${found.detail} (${found.why})`,
      hint: 'keep a copy as it is, then compare it with an export that was kept elsewhere',
    })
  }
  if (cli.globals.json) cli.json({ ...found })
  else {
    cli.print(`${cli.style.mark('done')} ${name} is whole: ${found.rows.toLocaleString('en')} rows`)
    cli.print(`  head  ${found.head.seq}:${found.head.hash}`)
    cli.note(
      '  noted elsewhere, the head shows later that no row was cut off: sluice ledger verify --file .sluice --anchor <head>',
    )
  }
  return 0
}
