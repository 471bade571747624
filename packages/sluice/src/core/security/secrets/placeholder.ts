/** Values that stand where a secret would: examples of documentation, templates, sequences, and logins of a machine of one's own. */
import { entropyOf } from './entropy.ts'

/** Words that random text holds by chance less than once in a million keys of 40 characters, but documentation all the time. */
const words =
  /example|sample|placeholder|change[_-]?me|dummy|redacted|your[_-]|[_-]here\b|insert[_-]|replace[_-]?(?:me|this|with)|not[_-]?(?:a[_-]?)?(?:real|secret)|f[a4]ke[_-]|[_-]f[a4]ke|mock[_-]|x{5,}|\*{3,}|0{8,}|1{8,}|(.)\1{9,}|123456789|987654321|abcdefgh|deadbeefdeadbeef/i

/** A value to be filled in by whatever reads the file. */
const templates =
  /\$\{[^}]*\}|\$\([^)]*\)|\{\{[^}]*\}\}|<[A-Za-z][\w .:-]*>|%[A-Za-z_]\w*%|%[sdv]\b|^\$[A-Za-z_]\w*$|#\{[^}]*\}|\$\{|<%=|__\w+__|process\.env|os\.environ/

/** Passwords of tutorials, which protect nothing. */
const tutorial = new Set(
  'password passw0rd pass pwd secret admin root user test postgres mysql mongo redis guest example foobar changeit hunter2 xxx token username me'.split(
    ' ',
  ),
)

/** Hosts that are this machine, or reserved for documentation. Sources: RFC 2606, RFC 6761, Docker's `host.docker.internal`. */
const localHost =
  /^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|(?:.+\.)?(?:example(?:\.(?:com|org|net))?|test|invalid|localhost))$/i

/** Whether a value is there in place of a secret. `value` is the text of the candidate. */
export const isPlaceholder = (value: string): boolean => {
  const login = loginOf(value)
  if (login !== null) return isHarmlessLogin(login)
  return words.test(value) || templates.test(value) || tutorial.has(value.toLowerCase()) || entropyOf(value) < 1.5
}

type Login = { readonly password: string; readonly host: string }

/** User information of a URL. Source: RFC 3986, section 3.2. */
const loginOf = (value: string): Login | null => {
  const found =
    /^[a-z][\w+.-]{1,30}:\/\/[^\s/@:]{0,256}:(?<password>[^\s@]{1,256})@(?<host>\[[^\]]*\]|[^\s/:?#'"]{1,256})/i.exec(
      value,
    )
  if (found?.groups === undefined) return null
  const { password = '', host = '' } = found.groups
  return { password, host }
}

const isHarmlessLogin = ({ password, host }: Login): boolean =>
  tutorial.has(password.toLowerCase()) ||
  words.test(password) ||
  templates.test(password) ||
  templates.test(host) ||
  localHost.test(host)
