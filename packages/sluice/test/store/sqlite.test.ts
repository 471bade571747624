import { rm } from 'node:fs/promises'
import { openSqliteStore } from '../../src/adapters/store/sqlite/store.ts'
import { storeContract } from '../contracts/store.contract.ts'
import { temporaryDirectory } from './directory.ts'

storeContract('the SQLite store', async () => {
  const directory = await temporaryDirectory()
  return {
    open: () => openSqliteStore({ directory, ballastBytes: 65_536 }),
    remove: () => rm(directory, { recursive: true }),
  }
})
