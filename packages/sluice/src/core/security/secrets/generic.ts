/** The rule without a provider: a name that says secret, and a value that looks like one. */
import { entropyOf } from './entropy.ts'
import type { Candidate } from './types.ts'

/** Id of the rule, for allow-lists. */
const genericRule = 'generic-secret'

/** Lower-case words, one of which a text must hold for the rule to be tried. */
export const genericKeywords: readonly string[] = [
  'secret',
  'token',
  'passw',
  'pwd',
  'api_key',
  'apikey',
  'api-key',
  'access_key',
  'accesskey',
  'private_key',
  'privatekey',
  'credential',
  'auth_key',
  'encryption_key',
  'signing_key',
  'signingkey',
]

/** Bits per character of a value that is taken for random; English words stay below 3.3, identifiers of this length mostly too. Measured on the corpus of `secrets.test.ts`. */
const entropyMin = 3.3

/** Names that say secret, from their beginning (so that each is tried once, not from each of its letters), with the rest of the name after the word. */
const name =
  '(?<![\\w.-])(?<name>[\\w.-]{0,60}?(?:secret|token|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|(?:auth|encryption|signing)[_-]?key)[\\w.-]{0,20})'

/** With quotes, in any language. */
const quoted = new RegExp(
  `${name}['"\`]?\\]?[ \\t]{0,3}(?:=|:=|:|=>|\\|\\||\\?\\?)[ \\t]{0,3}(?<quote>['"\`])(?<value>[^'"\`\\s]{10,200})\\k<quote>`,
  'gi',
)

/** Without quotes, in files of settings, where a value reaches to the end of the line. */
const bare = new RegExp(
  `^[ \\t]*(?:export[ \\t]+|-[ \\t]+)?${name}[ \\t]{0,3}[=:][ \\t]{0,3}(?<value>[^'"\`\\s#]{10,200})[ \\t]*$`,
  'gim',
)

const settingsFile =
  /(?:^|\/)(?:\.env[\w.-]*|[\w.-]*\.(?:env|ini|cfg|conf|properties|ya?ml|toml|tfvars|envrc)|Dockerfile[\w.-]*)$/i

/** Names that hold secret words and no secret: a field's, a header's or a file's name, a public key, a time, a count. */
const harmlessName =
  /(?:public|csrf|xsrf|next[_-]?page|page|continuation|sync|cancel(?:lation)?|foreign|primary|partition|sort)[_-]?(?:key|token)|(?:secret|token|key|password|credential)s?[_.-]?(?:name|id|path|file|url|uri|type|length|size|count|hash|digest|ref|arn|version|field|label|header|param|prefix|placeholder|hint|policy|regex|pattern|expiry|expires|ttl|endpoint|env|key|column|alias|algorithm|alg)s?$|tokeniz|passwordless|no[_-]?password|^(?:max|min)[_-]?tokens?/i

/** Values that are code or prose rather than a credential. */
const harmlessValue =
  /^(?:[a-z]+(?:[-_. :/]+[a-z]+)+|[A-Z]+(?:[-_. :]+[A-Z]+)+|[a-z]+(?:[A-Z][a-z]+)+|[A-Za-z]+|[\d.,:+-]+|[~^v]?\d+\.\d+\.\d+[\w.+-]*|\d{4}-\d\d-\d\d[T\d:.Z+-]*|[\w-]+\.[\w.-]+\(.*|(?:\.{0,2}\/|~\/|[A-Za-z]:\\|https?:\/\/|file:|arn:|secret:|vault:|op:\/\/|env:|urn:|data:).*|.*(?:\(|\)|=>|\$\{|\{\{|<[^>]+>|%\w+%|\[(?:\^|\w-\w)|\bprocess\.env\b|\bos\.environ\b).*)$/

/** Places where the rule holds. Needs the file's path, since only files of settings write values without quotes. */
export const genericCandidates = (file: string, text: string): readonly Candidate[] => {
  const patterns = settingsFile.test(file) ? [quoted, bare] : [quoted]
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const { name: found = '', value = '' } = match.groups ?? {}
      if (!isSecretLike(found, value)) return []
      const start = match.index + match[0].lastIndexOf(value)
      const what = 'a value that looks random under a name that says secret'
      return [{ rule: genericRule, what, severity: 'high' as const, start, end: start + value.length, help: null }]
    }),
  )
}

const isSecretLike = (found: string, value: string): boolean => {
  if (harmlessName.test(found) || harmlessValue.test(value)) return false
  const mixes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length
  return mixes >= 2 && /\d/.test(value) && entropyOf(value) >= entropyMin
}
