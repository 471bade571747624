import { spawn } from 'node:child_process'
import type { Command } from '../cli.ts'
import { serverAddress } from '../connect.ts'

/** Programs that open an address in the browser, by platform. */
const openers: Readonly<Record<string, readonly [program: string, ...args: readonly string[]]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  // The empty word is the window's title, for which `start` takes its first argument in quotes.
  win32: ['cmd', '/c', 'start', ''],
}

/** `sluice open`: prints where the dashboard is, and opens it where somebody sits in front of a terminal. The address holds no secret: other users of the machine see what is started. */
export const command: Command = async (cli) => {
  const url = serverAddress(cli)
  if (cli.globals.json) cli.json({ url })
  else cli.print(url)
  if (cli.stdout.isTTY && !cli.globals.json && cli.globals.input) openBrowser(url)
  return 0
}

/** Where there is no browser, the address that was printed is all there is. */
const openBrowser = (url: string): void => {
  const opener = openers[process.platform]
  if (opener === undefined) return
  const [program, ...args] = opener
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
