/** Secrets that are typed or piped in: never an argument, which every process of the machine can read. */
import { createInterface } from 'node:readline/promises'
import { buffer, text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { SluiceError } from '../core/errors.ts'
import type { Cli } from './cli.ts'

/** The first line of stdin, whole. `usage_invalid` when there is none. */
export const pipedSecret = async (what: string): Promise<string> => {
  const [line = ''] = (await text(process.stdin)).split(/\r?\n/, 1)
  if (line !== '') return line
  throw new SluiceError('usage_invalid', { detail: `no ${what} came on stdin`, hint: `… < ${what}.txt` })
}

/** All of stdin. `usage_invalid` as `secretText`. */
export const pipedText = async (): Promise<string> => secretText(await buffer(process.stdin), 'stdin')

/** The text that bytes are, as it is. `usage_invalid` where they are none: they would be changed on their way. */
export const secretText = (bytes: Uint8Array, what: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SluiceError('usage_invalid', {
      detail: `${what} is no UTF-8 text`,
      hint: 'encode it first: base64 < file | sluice secrets set NAME',
    })
  }
}

/** A secret typed at a terminal, without its being shown. */
export const typedSecret = async (cli: Cli, question: string): Promise<string> => {
  if (!process.stdin.isTTY || !cli.globals.input) {
    throw new SluiceError('usage_invalid', {
      detail: `nobody can be asked for the ${question} here`,
      hint: `pipe it in: --password-stdin`,
    })
  }
  cli.stderr.write(`${question}: `)
  // What is typed goes nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('', { signal: cli.interrupted })
  } finally {
    lines.close()
    cli.stderr.write('\n')
  }
}
