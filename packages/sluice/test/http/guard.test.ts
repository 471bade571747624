/** For which names a control plane answers. */
import { deepStrictEqual } from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { checkHost } from '../../src/http/guard.ts'

const refused = async (
  listens: string,
  headers: readonly string[],
  url: string | null = null,
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const header of headers) {
    try {
      await checkHost(header, listens, async () => url)
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'host_refused') throw error
      found.push(header)
    }
  }
  return found
}

test('a control plane answers to loopback and to what it listens on; on every address to each, and to the name of its machine', async () => {
  const loopback = ['localhost:7420', '127.0.0.1', '[::1]:7420']
  const addresses = ['192.0.2.7:7420', '[2001:db8::7]:7420', '[2001:db8::7]', `${hostname()}:7420`]
  const names = ['evil.example:7420', '192.0.2.7.evil.example', '', '[evil]', 'localhost.evil.example']
  const all = [...loopback, ...addresses, ...names]
  deepStrictEqual(await refused('127.0.0.1', all), [...addresses, ...names])
  deepStrictEqual(await refused('192.0.2.7', all), [...addresses.slice(1), ...names])
  deepStrictEqual(await refused('2001:db8::7', all), [addresses[0], addresses[3], ...names])
  for (const every of ['0.0.0.0', '::']) deepStrictEqual(await refused(every, all), names)
  deepStrictEqual(
    await refused('127.0.0.1', ['sluice.example.com:443', 'evil.example'], 'https://sluice.example.com'),
    ['evil.example'],
  )
})
