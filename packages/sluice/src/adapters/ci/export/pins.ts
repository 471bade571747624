/**
 * The actions that exported workflows use, pinned by the commit of a release: a tag can be moved, a commit cannot. The only place to change when one of
 * them has a newer release. Source: the releases of github.com/actions, read 2026-08.
 */
export const actionPins = {
  checkout: { name: 'actions/checkout', commit: '08c6903cd8c0fde910a37f88322edcfb5dd907a8', tag: 'v5.0.0' },
  upload: { name: 'actions/upload-artifact', commit: 'ea165f8d65b6e75b540449e92b4886f43607fa02', tag: 'v4.6.2' },
  download: { name: 'actions/download-artifact', commit: '634f93cb2916e3fdff6788551b99b062d0335ce0', tag: 'v5.0.0' },
  cache: { name: 'actions/cache', commit: '0400d5f644dc74513175e3cd8d07132dd4860809', tag: 'v4.2.4' },
} as const

/** What `uses` says; the tag goes beside it as a comment. */
export const pinned = (action: keyof typeof actionPins, part: string = ''): string =>
  `${actionPins[action].name}${part}@${actionPins[action].commit}`
