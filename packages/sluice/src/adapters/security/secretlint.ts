/** The recommended rule set of secretlint, which its authors keep with the providers' forms. */
import type { SecretLintRuleCreator } from '@secretlint/types'
import { holdsKeyword } from '../../core/security/secrets/match.ts'
import type { Candidate } from '../../core/security/secrets/types.ts'
import type { Severity } from '../../core/security/scan.ts'

type Known = { readonly what: string; readonly keywords: readonly string[]; readonly severity: Severity }

const critical = (what: string, ...keywords: readonly string[]): Known => ({ what, keywords, severity: 'critical' })
const high = (what: string, ...keywords: readonly string[]): Known => ({ what, keywords, severity: 'high' })

/**
 * What each rule of the preset finds, and lower-case words without which it finds nothing. A rule that is not here is never left out: it runs on every text
 * (a test holds the table to the preset).
 */
export const presetRules: Readonly<Record<string, Known>> = {
  gcp: critical('a key of a Google Cloud service account', 'private_key', '.p12'),
  privatekey: critical('a private key', 'private key'),
  npm: critical('an npm token', 'npm_', '_authtoken', 'x-oauth-basic'),
  basicauth: high('a password in a URL', '://'),
  slack: high('a Slack token or webhook', 'xoxb', 'xoxp', 'xapp', 'xoxa', 'xoxo', 'xoxr', 'hooks.slack.com'),
  sendgrid: high('a SendGrid key', 'sg.'),
  shopify: high('a Shopify token', 'shppa', 'shpca', 'shpat', 'shpss'),
  stripe: critical('a Stripe key', 'sk_live', 'sk_test', 'rk_live', 'rk_test'),
  github: critical('a GitHub token', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'),
  gitlab: critical('a GitLab token', 'glpat-'),
  grafana: high('a Grafana token', 'glc_', 'glsa_'),
  openai: critical('an OpenAI key', 'sk-'),
  anthropic: critical('an Anthropic key', 'sk-ant-'),
  groq: high('a Groq key', 'gsk_'),
  huggingface: high('a Hugging Face token', 'hf_'),
  linear: high('a Linear key', 'lin_api_'),
  notion: high('a Notion token', 'ntn_'),
  '1password': critical('a token of a 1Password service account', 'ops_'),
  'database-connection-string': critical('a password in a database URL', 'mongodb', 'mysql', 'postgres'),
  'hashicorp-vault': critical('a token of HashiCorp Vault', 'hvs.', 'hvb.', 'hvr.'),
  vercel: high('a Vercel token', 'vcp_', 'vci_', 'vca_', 'vcr_', 'vck_'),
  databricks: high('a Databricks token', 'dapi'),
  docker: critical('an access token of a Docker registry', 'dckr_pat_'),
  figma: high('a Figma token', 'figd_'),
  cloudflare: critical('a Cloudflare token', 'cfk_', 'cfut_', 'cfat_'),
  tailscale: critical('a Tailscale key', 'tskey-'),
}

/** Rules that are ours instead: `aws` reports ranges that end inside of the key and no key ids; `filter-comments` lets a comment without reason or expiry hide anything. */
const replaced = new Set(['aws', 'filter-comments'])

/** Finds candidates in a text of a file; `lowered` is the text in lower case. */
export type PresetScan = (file: string, text: string, lowered: string) => Promise<readonly Candidate[]>

/** Loads the preset (some 30 ms, once a scan). */
export const loadPreset = async (): Promise<PresetScan> => {
  const [{ lintSource }, preset] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ])
  const rules = preset.rules.map((rule) => ({ rule, id: nameOf(rule) })).filter(({ id }) => !replaced.has(id))
  return async (file, text, lowered) => {
    const wanted = rules.filter(({ id }) => holdsKeyword(lowered, presetRules[id]?.keywords ?? ['']))
    if (wanted.length === 0) return []
    const { messages } = await lintSource({
      source: { filePath: file, content: text, contentType: 'text', ext: '' },
      options: {
        noPhysicFilePath: true,
        config: { rules: wanted.map(({ rule }) => ({ id: rule.meta.id, rule })) },
      },
    })
    return messages.map(({ ruleId, messageId, range: [start, end] }): Candidate => {
      const id = ruleId.slice(ruleId.lastIndexOf('rule-') + 5)
      const known = presetRules[id] ?? high('a credential')
      const help = `https://github.com/secretlint/secretlint/tree/master/packages/%40secretlint/secretlint-rule-${id}`
      return { rule: `${id}/${messageId}`, what: known.what, severity: known.severity, start, end, help }
    })
  }
}

/** Names of the preset's rules as the table has them. */
export const presetNames = async (): Promise<readonly string[]> => {
  const { rules } = await import('@secretlint/secretlint-rule-preset-recommend')
  return rules.map(nameOf).filter((id) => !replaced.has(id))
}

const nameOf = (rule: SecretLintRuleCreator<object>): string =>
  rule.meta.id.slice(rule.meta.id.lastIndexOf('rule-') + 5)
