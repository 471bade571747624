/** Signing in at an OpenID Connect provider: authorization code with PKCE, by `openid-client`, which is certified for it. */
import * as client from 'openid-client'
import { SluiceError } from '../../core/errors.ts'
import type { OidcRules } from '../../core/identity/rules.ts'
import { limits } from '../../core/limits.ts'
import type { OidcFlow, Vouched } from '../../ports/identity-provider.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** See the port. */
export const beginSignIn = async (
  variables: Variables,
  rules: OidcRules,
  redirectUrl: string,
): Promise<{ readonly url: string; readonly flow: OidcFlow }> => {
  const configuration = await configurationOf(variables, rules)
  const verifier = client.randomPKCECodeVerifier()
  const flow = { state: client.randomState(), nonce: client.randomNonce(), verifier }
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUrl,
    scope: rules.scopes.join(' '),
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: flow.state,
    nonce: flow.nonce,
  })
  return { url: url.href, flow }
}

/** See the port. */
export const finishSignIn = async (
  variables: Variables,
  rules: OidcRules,
  { url, flow }: { readonly url: string; readonly flow: OidcFlow },
): Promise<Vouched> => {
  const configuration = await configurationOf(variables, rules)
  try {
    const tokens = await client.authorizationCodeGrant(configuration, new URL(url), {
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      pkceCodeVerifier: flow.verifier,
      idTokenExpected: true,
    })
    const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {}
    const subject = textOf(claims['sub'])
    // What the ID token leaves out, many providers tell at another address of theirs.
    const isWhole = rules.nameClaim in claims && rules.groupsClaim in claims
    const told = isWhole ? claims : { ...(await moreOf(configuration, tokens.access_token, subject)), ...claims }
    return personIn(told, { rules, subject })
  } catch (cause) {
    throw failed(rules, cause)
  }
}

const configurationOf = async (variables: Variables, rules: OidcRules): Promise<client.Configuration> => {
  const { clientSecretVariable: name } = rules
  const secret = name === null ? null : variables[name]
  if (secret === undefined || secret === '') {
    throw new SluiceError('config_invalid', {
      detail: `the control plane has no environment variable ${name ?? ''}, which access.oidc.clientSecretFrom names`,
      hint: 'set it, and start the control plane again',
    })
  }
  const issuer = new URL(rules.issuer)
  try {
    return await client.discovery(
      issuer,
      rules.clientId,
      undefined,
      secret === null ? client.None() : client.ClientSecretPost(secret),
      {
        timeout: limits.providerTimeoutMs / 1_000,
        // The config lets no other address but loopback be without TLS.
        execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
      },
    )
  } catch (cause) {
    throw failed(rules, cause)
  }
}

const moreOf = async (
  configuration: client.Configuration,
  accessToken: string,
  subject: string,
): Promise<Readonly<Record<string, unknown>>> =>
  configuration.serverMetadata().userinfo_endpoint === undefined
    ? {}
    : client.fetchUserInfo(configuration, accessToken, subject)

const personIn = (
  claims: Readonly<Record<string, unknown>>,
  { rules, subject }: { readonly rules: OidcRules; readonly subject: string },
): Vouched => {
  const { issuer, nameClaim, groupsClaim } = rules
  const name = textOf(claims[nameClaim]).toLowerCase()
  if (name === '')
    throw refused(`${issuer} does not say ${nameClaim}`, 'set access.oidc.nameClaim to a claim that it gives')
  // An address that anybody may type in at the provider names nobody.
  if (nameClaim === 'email' && claims['email_verified'] !== true)
    throw refused(`${issuer} has not verified the address ${name}`, 'verify it there')
  const given = claims[groupsClaim]
  const groups = Array.isArray(given) ? given.filter((one) => typeof one === 'string') : []
  return { issuer, subject, name, groups: [...new Set(groups)].toSorted().slice(0, limits.groupsMax) }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

const refused = (detail: string, hint: string): SluiceError => new SluiceError('sign_in_failed', { detail, hint })

/** What a provider says is told in its words, without what it was asked with. */
const failed = ({ issuer }: OidcRules, cause: unknown): SluiceError => {
  if (cause instanceof SluiceError) return cause
  const isAnswer = cause instanceof client.ResponseBodyError || cause instanceof client.AuthorizationResponseError
  const why = isAnswer
    ? (cause.error_description ?? cause.error)
    : cause instanceof Error
      ? cause.message
      : String(cause)
  return new SluiceError('sign_in_failed', {
    detail: `signing in at ${issuer} did not succeed: ${why.slice(0, 300)}`,
    hint: 'try again from the beginning: /sign-in',
    cause,
  })
}
