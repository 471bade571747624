/** Where one can go from everywhere. */

/** The pages of the navigation; `key` goes there after `g`. */
export const places: readonly { readonly href: string; readonly text: string; readonly key: string }[] = [
  { href: '/', text: 'Overview', key: 'h' },
  { href: '/runs', text: 'Runs', key: 'r' },
  { href: '/rollouts', text: 'Rollouts', key: 'o' },
  { href: '/releases', text: 'Releases', key: 'l' },
  { href: '/environments', text: 'Environments', key: 'e' },
  { href: '/approvals', text: 'Approvals', key: 'a' },
  { href: '/incidents', text: 'Incidents', key: 'i' },
  { href: '/dora', text: 'DORA', key: 'd' },
  { href: '/ledger', text: 'Ledger', key: 'g' },
  { href: '/notifications', text: 'Notifications', key: 'n' },
  { href: '/settings', text: 'Settings', key: 's' },
  { href: '/system', text: 'System', key: 'y' },
]
