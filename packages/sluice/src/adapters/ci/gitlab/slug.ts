/** Names as parts of addresses, the way GitLab shortens them. */
import { createHash } from 'node:crypto'

/** `CI_COMMIT_REF_SLUG` and its like: lower case, everything but letters and digits a `-`, at most 63 characters, none at the ends. */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')

/** `CI_ENVIRONMENT_SLUG`: at most 24 characters, a letter first; a suffix of the name's SHA-256 where the slug is not the name itself. Source: GitLab's `lib/gitlab/slug/environment.rb`. */
export const environmentSlug = (name: string): string => {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
  const lettered = /^[a-z]/.test(plain) ? plain : `env-${plain}`
  const slug = lettered.replaceAll(/-+/g, '-')
  if (slug === name && slug.length <= 24) return slug
  const hash = BigInt(`0x${createHash('sha256').update(name).digest('hex')}`)
    .toString(36)
    .slice(-6)
  const head = slug.slice(0, 17)
  return `${head.endsWith('-') ? head : `${head}-`}${hash}`
}
