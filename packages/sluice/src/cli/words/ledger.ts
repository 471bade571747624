import type { OptionWord, Word } from '../words.ts'

const key: OptionWord = {
  flags: '--key <key...>',
  text: 'public keys that must have signed the checkpoint: as text, or files with them',
}

const filters: readonly OptionWord[] = [
  { flags: '--who <name>', text: 'only what this person, token or part of Sluice did' },
  { flags: '--what <event>', text: 'only events of this type: rollout_started, approved, …' },
  { flags: '--kind <kind>', text: 'only events of runs, releases, rollouts, … (in the singular)' },
  { flags: '--from <moment>', text: 'from then on: 2026-11-01, 2026-11-01T08:00Z, or 30d for so long ago' },
  { flags: '--to <moment>', text: 'before then' },
]

/** The record of everything, and what shows that it is that. */
export const ledgerWords: readonly Word[] = [
  {
    path: 'ledger ls',
    args: '',
    text: 'rows of the ledger, newest first: who did what, when, from where, and why',
    options: [
      ...filters,
      { flags: '--before <seq>', text: 'only rows before this one, the newest first: where a page ended' },
      { flags: '--after <seq>', text: 'only rows after this one, the oldest first; 0 for the beginning' },
      { flags: '--limit <count>', text: 'how many (50)' },
    ],
    examples: ['ledger ls --env production --from 7d', 'ledger ls --who ada --what approved', 'ledger ls --after 0'],
    load: () => import('../commands/ledger-ls.ts'),
  },
  {
    path: 'ledger verify',
    args: '',
    text: 'check that the ledger, or a copy of it, is as it was written',
    options: [
      { flags: '--file <path>', text: 'an export or a database, instead of the control plane’s' },
      { flags: '--checkpoint <file>', text: 'a checkpoint that was kept elsewhere: its rows must still be there' },
      key,
      { flags: '--proof <file>', text: 'the proof of one row, instead of a ledger' },
      { flags: '--anchor <seq:hash>', text: 'a row and its hash that were noted elsewhere' },
    ],
    examples: [
      'ledger verify',
      'ledger verify --checkpoint kept.checkpoint --key ledger.pub',
      'ledger verify --file ledger.jsonl --checkpoint kept.checkpoint --key ledger.pub',
      'ledger verify --proof row-120.tlog-proof --key ledger.pub',
    ],
    load: () => import('../commands/ledger-verify.ts'),
  },
  {
    path: 'ledger export',
    args: '',
    text: 'the ledger as JSON lines, or rows of it as CSV, to keep elsewhere',
    options: [
      { flags: '--after <seq>', text: 'only rows after this one' },
      { flags: '--format <form>', text: 'jsonl (as it is) or csv' },
      ...filters,
    ],
    examples: ['ledger export > ledger.jsonl', 'ledger export --format csv --env production --from 90d > audit.csv'],
    load: () => import('../commands/ledger-export.ts'),
  },
  {
    path: 'ledger checkpoint',
    args: '',
    text: 'a signed checkpoint, to keep where nobody who can write the ledger can write',
    options: [
      { flags: '--public-key', text: 'only the public key' },
      { flags: '--size <rows>', text: 'of the first rows (all)' },
    ],
    examples: ['ledger checkpoint > kept.checkpoint', 'ledger checkpoint --public-key > ledger.pub'],
    load: () => import('../commands/ledger-checkpoint.ts'),
  },
  {
    path: 'ledger prune',
    args: '',
    text: 'take the texts of old rows out; their hashes stay, and with them the chain and every other proof',
    options: [
      { flags: '--before <moment>', text: 'rows of before then: 2025-01-01, or 400d for so long ago (at least 30d)' },
      { flags: '-m, --message <why>', text: 'why, for the ledger' },
    ],
    examples: ['ledger prune --before 400d -m "we keep them for 400 days"'],
    load: () => import('../commands/ledger-prune.ts'),
  },
  {
    path: 'ledger prove',
    args: '<seq>',
    text: 'the proof that a row is in the ledger, to give to somebody who has no access to it',
    options: [{ flags: '--size <rows>', text: 'by a checkpoint of the first rows (all)' }],
    examples: ['ledger prove 120 > row-120.tlog-proof'],
    load: () => import('../commands/ledger-prove.ts'),
  },
]
