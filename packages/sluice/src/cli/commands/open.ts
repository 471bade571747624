import { SluiceError } from '../../core/errors.ts'
import type { Client } from '../../http/client/client.ts'
import { openBrowser } from '../browser.ts'
import { type Command, flagOption } from '../cli.ts'
import { connect, serverAddress } from '../connect.ts'

/**
 * `sluice open`: opens the dashboard signed in, where somebody sits in front of a terminal, and prints where it is. The address that is opened is good once and for two minutes; it is printed only when it is asked for
 * (`--link`), because what is printed is kept in logs.
 */
export const command: Command = async (cli, input) => {
  const url = serverAddress(cli)
  const isLinkWanted = flagOption(input, 'link')
  const isOpened = cli.stdout.isTTY && !cli.globals.json && cli.globals.input && !isLinkWanted
  const link = isLinkWanted || isOpened ? await signedInLink(await connect(cli, 'read'), url) : null
  if (link?.problem !== undefined) {
    if (isLinkWanted) throw link.problem
    cli.note(`${cli.noteStyle.mark('warn')} you have to sign in there: ${link.problem.detail}`)
  }
  const address = link?.address ?? url
  if (cli.globals.json) cli.json({ url, ...(isLinkWanted ? { link: address } : {}) })
  else cli.print(isLinkWanted ? address : url)
  if (isOpened) openBrowser(address)
  return 0
}

/** An address that signs a browser in; why there is none, when whoever asks may have none. */
const signedInLink = async (
  { client, close }: { readonly client: Client; readonly close: () => Promise<void> },
  url: string,
): Promise<
  { readonly address: string; readonly problem?: never } | { readonly address?: never; readonly problem: SluiceError }
> => {
  try {
    return { address: await linkTo(client, url) }
  } catch (error) {
    if (!(error instanceof SluiceError) || !['forbidden', 'token_missing', 'token_stale'].includes(error.code))
      throw error
    return { problem: error }
  } finally {
    await close()
  }
}

/** An address of a control plane that signs a browser in, once. */
export const linkTo = async (client: Client, url: string): Promise<string> =>
  `${url}${(await client.call('session.ticket', {})).path}`
