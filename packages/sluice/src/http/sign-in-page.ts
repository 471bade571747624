/** The page that people sign in at: a form, one style, no script. The only page that anybody may see. */
import { html } from 'hono/html'

/** What the page shows beside its form. */
export type SignInView = {
  /** What went wrong the last time; null when nothing did. */
  readonly problem: string | null
  /** Where to go afterwards: a path of this address. */
  readonly next: string
  readonly hasProvider: boolean
}

/** What stands around every page of signing in. */
const pageOf = async (content: ReturnType<typeof html>): Promise<string> => {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta name="color-scheme" content="light dark" />
        <title>Sign in · Sluice</title>
        <link rel="stylesheet" href="/sign-in.css" />
      </head>
      <body>
        <main>
          <h1>Sluice</h1>
          ${content}
        </main>
      </body>
    </html>`
  return String(await page)
}

/** The page. Every text in it is escaped by the template. */
export const signInPage = async ({ problem, next, hasProvider }: SignInView): Promise<string> => {
  const back = encodeURIComponent(next)
  return pageOf(
    html` ${problem === null ? '' : html`<p role="alert">${problem}</p>`}
      ${hasProvider ? html`<p><a class="button" href="/sign-in/oidc?next=${back}">Sign in with your organisation</a></p>` : ''}
      <form method="post" action="/sign-in?next=${back}">
        <h2>With a password</h2>
        <label>Name <input name="name" autocomplete="username" autocapitalize="none" required /></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
        <button>Sign in</button>
      </form>
      <form method="post" action="/sign-in?next=${back}">
        <h2>As the owner</h2>
        <label>Token <input name="token" type="password" autocomplete="off" required /></label>
        <p>It stands in <code>.sluice/token</code> beside the control plane.</p>
        <button>Sign in</button>
      </form>`,
  )
}

/** A question with one button, before something is done in somebody's name. */
export type ConfirmView = {
  readonly question: string
  readonly explanation: string
  readonly button: string
  /** Where the form goes: a path of this address. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** The page that asks it. Every text in it is escaped by the template. */
export const confirmPage = async ({ question, explanation, button, action, fields }: ConfirmView): Promise<string> => {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  return pageOf(
    html` <form method="post" action="${action}">
      <h2>${question}</h2>
      <p>${explanation}</p>
      ${hidden}
      <button>${button}</button>
    </form>`,
  )
}

/** The style of the page. */
export const signInStyle = `:root { font: 16px/1.5 system-ui, sans-serif; color-scheme: light dark; --ink: light-dark(#1b1f24, #e6e9ee); --ground: light-dark(#f6f7f9, #14171b); --edge: light-dark(#8b939e, #6b7480); --act: light-dark(#0b5cad, #8ec5ff); --act-ink: light-dark(#ffffff, #0b1622); --bad: light-dark(#a11220, #ff9aa2); }
body { margin: 0; color: var(--ink); background: var(--ground); display: grid; min-height: 100vh; place-items: center; }
main { width: min(24rem, calc(100vw - 2rem)); padding: 2rem 0; }
h1 { font-size: 1.75rem; margin: 0 0 1rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
label { display: block; margin: .5rem 0; }
input { display: block; box-sizing: border-box; width: 100%; font: inherit; padding: .5rem; color: inherit; background: transparent; border: 1px solid var(--edge); border-radius: .25rem; }
button, .button { display: inline-block; font: inherit; padding: .5rem 1rem; border: 0; border-radius: .25rem; background: var(--act); color: var(--act-ink); text-decoration: none; cursor: pointer; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
p { margin: .5rem 0; }
[role=alert] { color: var(--bad); }
`
