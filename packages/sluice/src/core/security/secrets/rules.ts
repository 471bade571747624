/**
 * Credential forms of providers that secretlint's recommended preset does not know, or knows less well. Each row names where the form is documented: by the
 * provider, or by gitleaks' rule set (MIT, read September 2026), whose measured lengths, alphabets and entropy bounds are taken over. A form without a fixed
 * prefix needs its provider's name before it on the line (`after`).
 */
import { cloudRules } from './rules-cloud.ts'
import { serviceRules } from './rules-service.ts'
import type { Row, SecretRule } from './types.ts'

const gitleaks = 'https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml'

const ruleOf = ([id, what, keywords, pattern, more]: Row): SecretRule => ({
  id,
  what,
  severity: more?.severity ?? 'high',
  keywords,
  pattern,
  entropyMin: more?.entropyMin ?? 3,
  source: more?.source ?? gitleaks,
})

/** Every rule of the table, in the order in which they are asked; where two claim the same characters the first one names them. */
export const secretRules: readonly SecretRule[] = [...cloudRules, ...serviceRules].map(ruleOf)
