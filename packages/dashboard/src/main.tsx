/** Starts the dashboard. Nothing is shown before the first answer is there, or it is known that there will be none. */
import { render } from 'preact'
import { App } from './app.tsx'
import { startClock } from './live/clock.ts'
import { keepConnected, listen } from './live/connection.ts'
import { changesPowers } from './live/powers.ts'
import { asError, isRefused } from './live/ask.ts'
import { beginSession, goToSignIn, session } from './live/session.ts'
import { forgetAnswers, openQuestions } from './live/store.ts'
import { restoreTheme } from './live/theme.ts'

const start = async (): Promise<void> => {
  restoreTheme()
  // A page that is not there any more belongs to an older version: the control plane was upgraded under this tab.
  window.addEventListener('vite:preloadError', () => window.location.reload())
  await known()
  startClock()
  keepConnected()
  listen({ rows: (rows) => void (rows.some(changesPowers) && askAnew()), refresh: () => void askAnew() })
  session.subscribe((one) => {
    if (one === null) forgetAnswers()
  })
  const root = document.getElementById('app')
  if (root === null) return
  root.className = 'waiting'
  render(<App />, root)
  reveal(root)
}

/** Waits until the control plane says who this is; one that is starting, or away for a moment, is asked again. */
const known = async (): Promise<void> => {
  while (session.value === null) {
    try {
      await beginSession()
    } catch (error) {
      if (isRefused(error)) return goToSignIn()
      document.title = `Sluice: ${asError(error).detail}`
      await new Promise((resolve) => window.setTimeout(resolve, retryMs))
    }
  }
}

/** Roles change while a page is open. Who is no longer known is told so by the next question of a page. */
const askAnew = (): Promise<void> => beginSession().catch(() => {})

/** Between two questions who this is, milliseconds. */
const retryMs = 1_000
/** How long the first paint waits for the first answers, milliseconds. */
const patienceMs = 400
/** One question may lead to the next: it is waited for that long whether one comes, milliseconds. */
const breathMs = 20

/** Shows the page once its first answers are in it, or it takes too long. */
const reveal = (root: HTMLElement): void => {
  const show = (): void => {
    if (root.className === '') return
    root.className = ''
    performance.mark('sluice.shown')
    unwatch()
  }
  let look = 0
  const unwatch = openQuestions.subscribe((open) => {
    window.clearTimeout(look)
    if (open === 0) look = window.setTimeout(show, breathMs)
  })
  window.setTimeout(show, patienceMs)
}

void start()
