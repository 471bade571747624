/** Bills of materials against the official JSON schema of CycloneDX 1.6. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { readLockfile } from '../../src/adapters/security/lockfile.ts'
import { sbomOf } from '../../src/core/security/sbom.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

it("tells this repository's own packages in a form that the official schema takes", async () => {
  const library = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'))
  const schema = async (name: string): Promise<object> =>
    JSON.parse(await readFile(join(library, 'res/schema', name), 'utf8'))
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  for (const format of ['iri-reference', 'idn-email']) ajv.addFormat(format, true)
  for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
    ajv.addSchema(await schema(name), `http://cyclonedx.org/schema/${name}`)
  const validate = ajv.compile(await schema('bom-1.6.SNAPSHOT.schema.json'))

  const lockfile = await readLockfile(fileURLToPath(new URL('../../../../', import.meta.url)), null)
  ok(lockfile.components.length > 100)
  const bill = sbomOf(
    lockfile,
    { name: 'sluice', version: '0.1.0', tool: { name: 'sluice', version: '0.1.0' } },
    sha256,
  )
  validate(bill)
  deepStrictEqual(validate.errors ?? [], [])
  ok(!validate({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: 'x' }), 'the schema refuses what is wrong')
})
