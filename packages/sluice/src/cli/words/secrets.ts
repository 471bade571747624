import type { OptionWord, Word } from '../words.ts'

const why: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }

/** Secrets, without their values. */
export const secretWords: readonly Word[] = [
  {
    path: 'secrets set',
    args: '<name>',
    text: 'set a secret: its value is typed, piped in or read from a file, never an argument; the ledger gets its name and version',
    options: [{ flags: '--from-file <file>', text: 'the value is what the file has, as it is' }, why],
    examples: [
      'secrets set DATABASE_PASSWORD',
      'secrets set DATABASE_URL -m "new host" < url.txt',
      'secrets set TLS_KEY --from-file key.pem',
    ],
    load: () => import('../commands/secrets-set.ts'),
  },
  {
    path: 'secrets ls',
    args: '',
    text: 'names and versions of the secrets that are kept here; never a value',
    options: [],
    examples: ['secrets ls'],
    load: () => import('../commands/secrets-ls.ts'),
  },
  {
    path: 'secrets rm',
    args: '<name>',
    text: 'remove a secret and every version of it',
    options: [{ flags: '--force', text: 'even if a release that serves, or may be gone back to, needs it' }, why],
    examples: ['secrets rm OLD_TOKEN -m "nothing uses it"'],
    load: () => import('../commands/secrets-rm.ts'),
  },
]
