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
  /** What is wider than the window, reaches out of it, or is cut off where it stands, outside of what scrolls on purpose. */
  readonly outOfSight: () => Promise<readonly string[]>
  /** The tables of the page as the browser tells them to who cannot see: roles, heads, and texts of the cells without ages, in order. */
  readonly tablesHeard: () => Promise<readonly string[]>
}

/** What scrolls sideways on purpose: a list of places, a graph, a log, code. Tables do not: they are stacked. */
const scrolling = '.places ul, .graph, .log-lines, pre'

/** What is cut to a point for the eye and is for the ear alone, shows that it goes on, or is drawn. */
const exempt =
  '.unseen, .skip, table:not(.matrix) > thead, .matrix thead th:first-child, .find span, .windowed .cell, .plot, svg, input, select, textarea'

/** A text for the page. */
const outOfSightScript = `(() => {
  const nameOf = (one) => one.tagName.toLowerCase() + [...one.classList].map((name) => '.' + name).join('') + ' ' + JSON.stringify(one.textContent.slice(0, 40))
  const { scrollWidth } = document.scrollingElement
  const found = scrollWidth > window.innerWidth ? ['the page is ' + (scrollWidth - window.innerWidth) + ' pixels too wide'] : []
  for (const one of document.body.querySelectorAll('*')) {
    if (one.closest(${JSON.stringify(exempt)}) !== null || one.parentElement.closest(${JSON.stringify(scrolling)}) !== null) continue
    const { left, right, width, height } = one.getBoundingClientRect()
    if (width === 0 || height === 0) continue
    if (left < -0.5 || right > window.innerWidth + 0.5) found.push(nameOf(one) + ' reaches from ' + left + ' to ' + right)
    const isCut = getComputedStyle(one).overflowX !== 'visible' && one.scrollWidth > one.clientWidth + 1
    if (isCut && !one.matches(${JSON.stringify(scrolling)})) found.push(nameOf(one) + ' is cut off at ' + one.clientWidth + ' of ' + one.scrollWidth + ' pixels')
  }
  return found
})()`

const heardRoles: ReadonlySet<string> = new Set(['table', 'row', 'columnheader', 'rowheader', 'cell'])

const tablesHeard = async (page: Page): Promise<readonly string[]> => {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const heard: string[] = []
  const walk = (id: string, isInside: boolean): void => {
    const node = byId.get(id)
    if (node === undefined) return
    const role = String(node.role?.value)
    const name = String(node.name?.value ?? '').trim()
    const isTold = node.ignored !== true && heardRoles.has(role)
    if (isTold) heard.push(role)
    // Ages differ from look to look.
    else if (isInside && role === 'StaticText' && !/^(?:now|\d+ \S+)?$/.test(name)) heard.push(name)
    for (const child of node.childIds ?? []) walk(child, isInside || isTold)
  }
  const [root] = nodes
  if (root !== undefined) walk(root.nodeId, false)
  return heard
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
  return {
    page,
    context,
    errors,
    open,
    violations,
    outOfSight: () => page.evaluate<readonly string[]>(outOfSightScript),
    tablesHeard: () => tablesHeard(page),
  }
}
