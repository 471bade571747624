import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A fresh directory for a test to use and remove. */
export const temporaryDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'sluice-store-'))
