/** Who one is here, and by what: what one may do, tokens, sessions. Secrets are never among it. */
import type { VNode } from 'preact'
import type { SessionView, TokenView } from '../../../../sluice/src/http/client/identity-views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { type Deed, OneDeed } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Part, Shown } from '../../parts/page.tsx'
import { Age } from '../../parts/time.tsx'
import { momentOf, type Told } from '../../words.ts'

const shownMax = 50

/** Who asks, and what they may. */
export const Who = (): VNode => {
  const answer = useAnswer({ id: 'session.show', input: {} })
  return (
    <Part title="You">
      <Shown answer={answer} what="Who you are">
        {({ name, kind, by, groups, may, environments, expiresAt }) => (
          <Facts
            facts={[
              ['Name in the ledger', name],
              ['Signed in', kind === 'root' ? 'with the token of the control plane' : `as a ${kind}, by ${by}`],
              groups.length === 0 ? null : ['Groups', groups.join(', ')],
              ['May, of the service', may.join(', ') || 'nothing'],
              ...environments.map(
                (environment) => [`May, in ${environment.name}`, environment.may.join(', ') || 'nothing'] as const,
              ),
              expiresAt === null ? null : ['Until', momentOf(expiresAt)],
            ]}
          />
        )}
      </Shown>
    </Part>
  )
}

const tokenTold: Readonly<Record<TokenView['status'], Told>> = {
  active: { tone: 'good', word: 'active' },
  expired: { tone: 'calm', word: 'expired' },
  revoked: { tone: 'calm', word: 'revoked' },
}

/** Tokens, those used last first. */
export const Tokens = (): VNode => {
  const answer = useAnswer({
    id: 'tokens.list',
    input: { query: { limit: shownMax } },
    concerns: ({ key }) => key.kind === 'token',
  })
  return (
    <Part title="Tokens" note={<code>sluice token create</code>}>
      <Shown answer={answer} what="The tokens">
        {({ items }) =>
          items.length === 0 ? (
            <p class="none">No token was made, but the one of the control plane itself.</p>
          ) : (
            <ul class="lines">
              {items.map((token) => (
                <li key={token.id}>
                  <Mark told={tokenTold[token.status]} />
                  <b>{token.label}</b>
                  <span class="what">
                    {token.owner ?? 'a program’s own'}, made by {token.issuedBy.name}, until {momentOf(token.expiresAt)}
                  </span>
                  {token.usedAt === null ? <span class="where">never used</span> : <Age at={token.usedAt} />}
                  {token.status === 'active' && <OneDeed deed={revoke(token)} />}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Part>
  )
}

const revoke = (token: TokenView): Deed => ({
  word: 'Revoke',
  title: `Revoke ${token.label}?`,
  needs: null,
  tone: 'danger',
  reason: 'optional',
  happens: <p>Whoever uses it is refused from the next request on. Traffic is not touched.</p>,
  fails: <p>It goes on being good until it expires.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('tokens.revoke', { params: { token: token.id }, body: { reason }, idempotencyKey })
    return `${token.label} is revoked`
  },
})

/** Sessions, those seen last first. */
export const Sessions = (): VNode => {
  const answer = useAnswer({
    id: 'sessions.list',
    input: { query: { limit: shownMax } },
    concerns: ({ key }) => key.kind === 'session',
  })
  return (
    <Part title="Sessions">
      <Shown answer={answer} what="The sessions">
        {({ items }) =>
          items.length === 0 ? (
            <p class="none">Nobody signed in but with a token.</p>
          ) : (
            <ul class="lines">
              {items.map((session) => (
                <li key={session.id}>
                  <Mark
                    told={
                      session.status === 'open'
                        ? { tone: 'good', word: 'open' }
                        : { tone: 'calm', word: session.status }
                    }
                  />
                  <b>{session.name}</b>
                  <span class="what">
                    by {session.method}, in {session.carrier === 'cookie' ? 'a browser' : 'a command line'}
                  </span>
                  <Age at={session.seenAt} />
                  {session.status === 'open' && <OneDeed deed={end(session)} />}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Part>
  )
}

const end = (session: SessionView): Deed => ({
  word: 'End',
  title: `End the session of ${session.name}?`,
  needs: null,
  tone: 'danger',
  reason: 'optional',
  happens: <p>Its next request is refused; whoever had it signs in again. Traffic is not touched.</p>,
  fails: <p>It stays open until it expires.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('sessions.end', { params: { session: session.id }, body: { reason }, idempotencyKey })
    return `The session of ${session.name} is over`
  },
})
