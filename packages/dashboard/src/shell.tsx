/** The frame around every page: where one can go, how the page keeps up, and what waits for a person. */
import type { ComponentChildren, VNode } from 'preact'
import { useLocation } from 'preact-iso'
import { useAnswer } from './live/store.ts'
import { type Connection, connection } from './live/connection.ts'
import { session, signOut } from './live/session.ts'
import { theme, turnTheme } from './live/theme.ts'
import { environmentsQuestion } from './questions.ts'
import { Announcer } from './parts/announcer.tsx'
import { attentionOf } from './pages/overview/attention.ts'
import { Finder, isFinderOpen } from './finder.tsx'
import { places } from './places.ts'
import { KeyHelp } from './shortcuts.tsx'

const told: Readonly<Record<Connection, { readonly word: string; readonly title: string }>> = {
  connecting: { word: 'connecting', title: 'The stream of events is being opened' },
  live: { word: 'live', title: 'Everything on this page is as it is now' },
  reconnecting: {
    word: 'reconnecting',
    title: 'The control plane does not answer; this is how things stood when it last did',
  },
  polling: { word: 'asking every 5 s', title: 'No stream of events comes through; the page asks every few seconds' },
}

const Live = (): VNode => {
  const { word, title } = told[connection.value]
  return (
    <span class={`live ${connection.value}`} role="status" title={title}>
      <i aria-hidden="true" />
      {word}
    </span>
  )
}

const Navigation = (): VNode => {
  const { path } = useLocation()
  const environments = useAnswer(environmentsQuestion)?.data.value ?? null
  const waiting = environments === null ? 0 : attentionOf(environments).filter(({ kind }) => kind === 'approve').length
  return (
    <nav class="places" aria-label="Pages">
      <a class="brand" href="/" aria-label="Sluice, overview">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M5 11.5c3.7 0 3.7 2 7.3 2s3.7-2 7.4-2 3.6 2 7.3 2M5 20.5c3.7 0 3.7 2 7.3 2s3.7-2 7.4-2 3.6 2 7.3 2" />
          <path d="M16 4v24" />
        </svg>
        Sluice
      </a>
      <ul>
        {places.map(({ href, text }) => (
          <li key={href}>
            <a href={href} aria-current={isHere(path, href) ? 'page' : undefined}>
              {text}
              {href === '/approvals' && waiting > 0 && (
                <span class="count" aria-label={`${waiting} waiting`}>
                  {waiting}
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

const isHere = (path: string, href: string): boolean =>
  href === '/' ? path === '/' || path.startsWith('/services') : path === href || path.startsWith(`${href}/`)

const themeWords = { system: 'Colours: as the system', light: 'Colours: light', dark: 'Colours: dark' } as const

/** The frame. */
export const Shell = ({ children }: { readonly children: ComponentChildren }): VNode => (
  <div class="shell">
    <a class="skip" href="#main">
      Skip to the page
    </a>
    <Navigation />
    <div class="column">
      <div class="bar" role="banner">
        <button type="button" class="find" onClick={() => (isFinderOpen.value = true)}>
          <span>Find a release, rollout, run, page</span>
          <kbd>/</kbd>
        </button>
        <Live />
        <button type="button" class="quiet" onClick={turnTheme} aria-label={themeWords[theme.value]}>
          <ThemeGlyph />
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => void signOut()}
          title={`Signed in as ${session.value?.name ?? ''}`}
        >
          Sign out
        </button>
      </div>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
    <Announcer />
    <Finder />
    <KeyHelp />
  </div>
)

const ThemeGlyph = (): VNode => (
  <svg viewBox="0 0 16 16" class="theme" aria-hidden="true">
    {theme.value === 'dark' ? (
      <path d="M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z" />
    ) : theme.value === 'light' ? (
      <path d="M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1" />
    ) : (
      <>
        <circle cx="8" cy="8" r="5.5" />
        <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" class="filled" />
      </>
    )}
  </svg>
)
