/** Opening an address in the browser of whoever sits in front of the terminal. */
import { spawn } from 'node:child_process'

/** Programs that open an address, by platform. */
const openers: Readonly<Record<string, readonly [program: string, ...args: readonly string[]]>> = {
  darwin: ['open'],
  linux: ['xdg-open'],
  // The empty word is the window's title, for which `start` takes its first argument in quotes.
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens it. Where there is no browser nothing happens: the address has been printed. Other users of the machine see what is started, so an address has nothing in it that is good twice. */
export const openBrowser = (url: string): void => {
  const opener = openers[process.platform]
  if (opener === undefined) return
  const [program, ...args] = opener
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
