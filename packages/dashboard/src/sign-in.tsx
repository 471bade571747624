/** The page that asks who it is. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { SluiceError } from '../../sluice/src/core/errors.ts'
import { asError } from './live/ask.ts'
import { clientFor, goToSignIn, lastName, sessionEnded, signIn } from './live/session.ts'
import { Trouble } from './parts/cause.tsx'

/** Asks for the token of the control plane and looks whether it is one. */
export const SignIn = (): VNode => {
  const token = useSignal('')
  const name = useSignal(lastName())
  const error = useSignal<SluiceError | null>(null)
  const isBusy = useSignal(false)
  useEffect(() => {
    document.title = 'Sign in · Sluice'
    void goToSignIn()
  }, [])
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    isBusy.value = true
    const begun = { token: token.value.trim(), name: name.value.trim() === '' ? 'dashboard' : name.value.trim() }
    try {
      await clientFor(begun).call('server.show', {})
      signIn(begun)
    } catch (caught) {
      error.value = asError(caught)
    }
    isBusy.value = false
  }
  return (
    <main class="sign-in" id="main">
      <h1>Sluice</h1>
      <p>
        This control plane answers nobody whom it does not know, on this machine too. Its token is in{' '}
        <code>.sluice/token</code> beside it.
      </p>
      {sessionEnded.value !== null && error.value === null && (
        <p class="cause warn" role="status">
          You were signed out: {sessionEnded.value.why}.
        </p>
      )}
      <form onSubmit={(event) => void submit(event)}>
        <label>
          Token
          <input
            type="password"
            autoComplete="current-password"
            required
            value={token.value}
            onInput={({ currentTarget }) => (token.value = currentTarget.value)}
          />
        </label>
        <label>
          Your name <span class="none">for the ledger</span>
          <input
            type="text"
            autoComplete="username"
            value={name.value}
            onInput={({ currentTarget }) => (name.value = currentTarget.value)}
          />
        </label>
        {error.value !== null && <Trouble error={error.value} what="That did not work" />}
        <button type="submit" class="button main" disabled={isBusy.value}>
          Sign in
        </button>
      </form>
    </main>
  )
}
