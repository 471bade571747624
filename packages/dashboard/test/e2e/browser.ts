/** Debian's Chromium, installed when it is missing, and a page that remembers what went wrong in it. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

const switches: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium. Installs it where the system is one of Debian's and nobody did. */
export const openBrowser = (): Promise<Browser> => {
  if (!existsSync(executablePath)) {
    spawnSync('apt-get', ['update'], { stdio: 'inherit' })
    const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) throw new Error('there is no Chromium at /usr/bin/chromium, and apt-get could not install it')
  }
  return chromium.launch({ executablePath, args: [...switches] })
}

/** Light or dark. */
export type Scheme = 'light' | 'dark'

/** A signed-in tab. */
export type Tab = {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of scripts and of the console, oldest first. What the network refuses is among them. */
  readonly errors: readonly string[]
  readonly open: (path: string) => Promise<void>
  /** Rules that the page breaks, each with the places. */
  readonly violations: () => Promise<readonly string[]>
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type AxeResult = {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

/** Who signs in: the owner of the control plane, or a person. */
export type Person = { readonly name: string; readonly password: string }

/** Signs a browser in by the control plane's form. */
export const signIn = async (
  context: BrowserContext,
  { url, token }: { readonly url: string; readonly token: string },
  person: Person | null = null,
): Promise<void> => {
  const headers = { origin: url, 'sec-fetch-site': 'same-origin' }
  const answer = await context.request.post(`${url}/sign-in`, { form: person ?? { token }, headers, maxRedirects: 0 })
  if (answer.status() !== 303) throw new Error(`signing in was answered ${answer.status()}`)
}

/** Opens a tab that is signed in as the tester. */
export const openTab = async (
  browser: Browser,
  { url, token }: { readonly url: string; readonly token: string },
  options: { readonly scheme: Scheme; readonly width?: number; readonly person?: Person } = { scheme: 'light' },
): Promise<Tab> => {
  const context = await browser.newContext({
    colorScheme: options.scheme,
    viewport: { width: options.width ?? 1_360, height: 900 },
    // The page's policy lets no script in that is not its own; the checker is one.
    bypassCSP: false,
  })
  await signIn(context, { url, token }, options.person ?? null)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(url)
  await page.waitForSelector('main h1')
  const open = async (path: string): Promise<void> => {
    await page.goto(url + path)
    await page.waitForSelector('main h1')
  }
  const violations = async (): Promise<readonly string[]> => {
    // Evaluated by the debugger, which no policy of the page concerns.
    const { violations: found } = await page.evaluate<AxeResult>(
      `${axe}; axe.run(document, { resultTypes: ['violations'] })`,
    )
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
  }
  return { page, context, errors, open, violations }
}
