import { roles } from '../../core/identity/permissions.ts'
import { tokenStatuses } from '../../http/client/list-filters.ts'
import type { OptionWord, Word } from '../words.ts'
import { choice, paging } from './lists.ts'

const why: OptionWord = { flags: '-m, --message <why>', text: 'why, for the ledger' }
const where: OptionWord = { flags: '--in <environments>', text: 'where it counts, as staging,production (everywhere)' }
const passwordIn: OptionWord = { flags: '--password-stdin', text: 'read the password from stdin' }

/** Who asks, and who may. */
export const identityWords: readonly Word[] = [
  {
    path: 'login',
    args: '[name]',
    text: 'sign in to a control plane, in a browser or with the password of [name]; what it gives is kept for this user of this machine',
    options: [
      { flags: '--no-browser', text: 'print the address to sign in at, instead of opening it' },
      { flags: '--with-token', text: 'read a token from stdin instead' },
      passwordIn,
    ],
    examples: [
      'login --server https://sluice.example.com',
      'login ada --server https://sluice.example.com',
      'login --with-token < token.txt',
    ],
    load: () => import('../commands/login.ts'),
  },
  {
    path: 'logout',
    args: '',
    text: 'sign out: what the sign-in gave is revoked and forgotten',
    options: [],
    examples: ['logout'],
    load: () => import('../commands/logout.ts'),
  },
  {
    path: 'whoami',
    args: '',
    text: 'who asks: name, groups, roles, and what they may where',
    options: [],
    examples: ['whoami', 'whoami --server https://sluice.example.com'],
    load: () => import('../commands/whoami.ts'),
  },
  {
    path: 'token create',
    args: '<label>',
    text: 'make a token; it is printed this once',
    options: [
      { flags: '--role <role>', text: 'the most that it may: viewer, developer, approver, deployer, admin' },
      where,
      { flags: '--expires <time>', text: 'how long it lives, as 90d or 12h (30d; a year at most)' },
      { flags: '--service', text: 'a program’s own, with the role named; takes an admin' },
    ],
    examples: ['token create laptop', 'token create ci --service --role deployer --in staging --expires 90d'],
    load: () => import('../commands/token-create.ts'),
  },
  {
    path: 'token ls',
    args: '',
    text: 'tokens without their secrets: whose, what for, used when, until when',
    options: [
      { flags: '--owner <name>', text: 'those of that person' },
      choice('status', tokenStatuses, 'those that are'),
      ...paging,
    ],
    examples: ['token ls', 'token ls --owner ada --status expired'],
    load: () => import('../commands/token-ls.ts'),
  },
  {
    path: 'token revoke',
    args: '<token>',
    text: 'revoke a token; it is good for nothing from then on',
    options: [why],
    examples: ['token revoke tok_0mhw7hrm9c8b6x1v2q3'],
    load: () => import('../commands/token-revoke.ts'),
  },
  {
    path: 'user add',
    args: '<name>',
    text: 'add a person who signs in by password',
    options: [{ flags: '--role <role>', text: 'a role to begin with' }, where, passwordIn, why],
    examples: [
      'user add ada --role deployer --in staging',
      'user add grace --role admin --password-stdin < password.txt',
    ],
    load: () => import('../commands/user-add.ts'),
  },
  {
    path: 'user ls',
    args: '',
    text: 'people, their roles and their groups',
    options: [
      choice('role', roles, 'those who were given it by name, anywhere'),
      { flags: '--search <text>', text: 'those with this text in their name, or in that of a group of theirs' },
      ...paging,
    ],
    examples: ['user ls', 'user ls --role admin'],
    load: () => import('../commands/user-ls.ts'),
  },
  {
    path: 'user rm',
    args: '<name>',
    text: 'remove a person; its sessions and tokens end',
    options: [why],
    examples: ['user rm ada -m "left the company"'],
    load: () => import('../commands/user-rm.ts'),
  },
  {
    path: 'user role',
    args: '<name> <role>',
    text: 'give a person a role, or take it back',
    options: [where, { flags: '--remove', text: 'take the role back' }, why],
    examples: ['user role ada deployer --in staging,production', 'user role ada admin --remove'],
    load: () => import('../commands/user-role.ts'),
  },
  {
    path: 'user password',
    args: '[name]',
    text: 'set a password: your own, or as an admin somebody’s',
    options: [passwordIn],
    examples: ['user password', 'user password ada --password-stdin < password.txt'],
    load: () => import('../commands/user-password.ts'),
  },
]
