/** Starts the dashboard. Nothing is shown before the first answer is there, or it is known that there will be none. */
import { render } from 'preact'
import { App } from './app.tsx'
import { startClock } from './live/clock.ts'
import { keepConnected } from './live/connection.ts'
import { restoreSession, session } from './live/session.ts'
import { forgetAnswers } from './live/store.ts'
import { restoreTheme } from './live/theme.ts'
import './styles/all.css'

const start = (): void => {
  restoreTheme()
  restoreSession()
  startClock()
  keepConnected()
  session.subscribe((one) => {
    if (one === null) forgetAnswers()
  })
  const root = document.getElementById('app')
  if (root !== null) render(<App />, root)
}

start()
