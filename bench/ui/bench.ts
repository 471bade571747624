/**
 * `npm run bench:ui [-- --quick] [--json]`: what the dashboard costs in a real browser (Debian's Chromium, headless) on a real control plane over loopback:
 * bytes of code until the first page, first paint, readiness, the longest task of a large overview and a long log, and the way from an event to its pixels.
 */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, signIn } from '../../packages/dashboard/test/e2e/browser.ts'
import { eventually, makeWorld, type World } from '../../packages/dashboard/test/e2e/world.ts'
import { describeMachine } from '../lib/machine.ts'
import { median, progress, quantile, report } from '../lib/report.ts'
import { atMost, type Bounded, judge, onThisMachine, readOptions } from '../lib/targets.ts'
import { largeOverview } from './world.ts'

const { quick, json } = readOptions(process.argv.slice(2))
const loads = quick ? 5 : 15
const events = quick ? 15 : 60
const services = 500
const logLines = 100_000

const assets = fileURLToPath(new URL('../../packages/dashboard/dist/assets', import.meta.url))

/** Notes long tasks from the first moment of a page on. */
const noteTasks = `
  window.longTasks = []
  new PerformanceObserver((list) => { for (const { startTime, duration } of list.getEntries()) window.longTasks.push({ startTime, duration }) })
    .observe({ type: 'longtask', buffered: true })
`

const newPage = async (browser: Browser, world: World): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1_360, height: 900 } })
  await signIn(context, world)
  await context.addInitScript(noteTasks)
  return context.newPage()
}

const signedIn = async (browser: Browser, world: World): Promise<Page> => {
  const page = await newPage(browser, world)
  await page.goto(world.url)
  await page.waitForSelector('main table')
  return page
}

/** Waits from outside: the page's policy lets nothing be evaluated inside of it. */
const becomes = (page: Page, expression: string): Promise<boolean> =>
  eventually(
    expression,
    () => page.evaluate<boolean>(expression),
    (isSo) => isSo,
  )

const longestTask = (page: Page): Promise<number> =>
  page.evaluate<number>('Math.max(0, ...window.longTasks.map(({ duration }) => duration))')

type Load = { readonly fcpMs: number; readonly interactiveMs: number; readonly scripts: readonly string[] }

/** One load of the overview by somebody who is signed in; the browser's cache is empty. */
const load = async (browser: Browser, world: World): Promise<Load> => {
  const page = await signedIn(browser, world)
  await becomes(
    page,
    `['first-contentful-paint', 'sluice.shown'].every((name) => performance.getEntriesByName(name).length > 0)`,
  )
  const found = await page.evaluate<Load>(`(() => {
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    const [shown] = performance.getEntriesByName('sluice.shown')
    const ends = window.longTasks.map(({ startTime, duration }) => startTime + duration)
    const scripts = performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))
    return { fcpMs: paint.startTime, interactiveMs: Math.max(shown.startTime, paint.startTime, ...ends), scripts }
  })()`)
  await page.context().close()
  return found
}

const gzipBytes = (scripts: readonly string[]): number =>
  scripts.reduce((sum, url) => sum + readFileSync(join(assets, `${basename(url)}.gz`)).length, 0)

/** The overview of a large installation: loaded, scrolled from end to end, narrowed down by typing. */
const largeTable = async (browser: Browser, world: World): Promise<number> => {
  const { environments } = await world.client.call('environments.list', {})
  const [like] = environments
  if (like === undefined) throw new Error('the control plane has no environment')
  const body = JSON.stringify(largeOverview(services, like))
  const page = await newPage(browser, world)
  await page.route('**/v1/environments', (route) => route.fulfill({ body, contentType: 'application/json' }))
  await page.goto(world.url)
  await page.waitForSelector('main table.matrix')
  for (let at = 0; at < 30; at += 1) await page.mouse.wheel(0, 1_000)
  await page.waitForSelector('tr[aria-rowindex="500"]')
  for (let at = 0; at < 30; at += 1) await page.mouse.wheel(0, -1_000)
  await page.getByLabel('Narrow down by name of service').pressSequentially('service-49')
  await becomes(page, `document.querySelectorAll('table.matrix tbody th').length === 10`)
  const longest = await longestTask(page)
  await page.context().close()
  return longest
}

/** A log of a real job: read to its end, scrolled, searched. */
const longLog = async (browser: Browser, world: World, run: string): Promise<number> => {
  const page = await signedIn(browser, world)
  await page.goto(`${world.url}/runs/${run}?job=chatter`)
  await becomes(
    page,
    `document.querySelector('.log-bar')?.textContent?.includes('${(logLines + 2).toLocaleString('en-US')} lines') ?? false`,
  )
  await page.locator('.log-lines').hover()
  for (let at = 0; at < 40; at += 1) await page.mouse.wheel(0, 4_000)
  await page.keyboard.press('End')
  await page.getByLabel('Search the log').fill(`line ${logLines - 1} `)
  await page.locator('.line.found').waitFor()
  const longest = await longestTask(page)
  await page.context().close()
  return longest
}

/** From the moment that the ledger has of a row until the pixels that tell of it are painted; both on this machine's clock. */
const eventToPixel = async (browser: Browser, world: World): Promise<readonly number[]> => {
  const page = await signedIn(browser, world)
  await page.goto(`${world.url}/environments/staging`)
  await page.getByText('live', { exact: true }).waitFor()
  await page.evaluate(`
    window.painted = new Map()
    new MutationObserver(() => {
      const found = document.body.textContent.match(/measured-\\d+/)?.[0]
      if (found === undefined || window.painted.has(found)) return
      window.painted.set(found, null)
      requestAnimationFrame(() => setTimeout(() => window.painted.set(found, Date.now())))
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  `)
  const took: number[] = []
  const target = { params: { environment: 'staging' } }
  for (let at = 0; at < events; at += 1) {
    const reason = `measured-${at}`
    const locked = await world.client.call('environments.lock', { ...target, body: { reason } })
    const paint = () => page.evaluate<number | null>(`window.painted.get('${reason}') ?? null`)
    const paintedAt = await eventually(reason, paint, (value) => value !== null)
    took.push((paintedAt ?? 0) - (locked.lock?.at ?? 0))
    await world.client.call('environments.unlock', { ...target, body: {} })
  }
  await page.context().close()
  return took
}

const measure = async (browser: Browser, world: World, run: string): Promise<readonly Bounded[]> => {
  progress(`${loads} × the overview, with an empty cache`)
  const found: Load[] = []
  await load(browser, world)
  for (let left = loads; left > 0; left -= 1) found.push(await load(browser, world))
  progress(`${services} services in four environments; a log of ${logLines} lines`)
  const tableMs = await largeTable(browser, world)
  const logMs = await longLog(browser, world, run)
  progress(`${events} × an event until it is seen`)
  const took = (await eventToPixel(browser, world)).toSorted((one, other) => one - other)
  const kilobytes = gzipBytes(found[0]?.scripts ?? []) / 1_000
  return [
    atMost({ name: 'ui.initialJsKb', value: kilobytes, unit: 'kB gzip' }, 60),
    onThisMachine(atMost({ name: 'ui.fcpMs', value: median(found.map(({ fcpMs }) => fcpMs)), unit: 'ms' }, 500)),
    onThisMachine(
      atMost(
        { name: 'ui.interactiveMs', value: median(found.map(({ interactiveMs }) => interactiveMs)), unit: 'ms' },
        1_000,
      ),
    ),
    onThisMachine(atMost({ name: 'ui.longTaskMsMax', value: Math.max(tableMs, logMs), unit: 'ms' }, 100)),
    { name: 'ui.longTaskTableMsMax', value: tableMs, unit: 'ms' },
    { name: 'ui.longTaskLogMsMax', value: logMs, unit: 'ms' },
    onThisMachine(atMost({ name: 'ui.eventToPixelMsP95', value: quantile(took, 0.95), unit: 'ms' }, 250)),
    { name: 'ui.eventToPixelMsP50', value: quantile(took, 0.5), unit: 'ms' },
  ]
}

/** A job that writes a long log: what it prints is as wide as a test runner's lines. */
const chatter = `chatter: { steps: 'seq -f "line %.0f of a log that is as wide as those of test runners are, with a path /src/core/machine.ts" 0 ${logLines - 1}' },`

const run = async (): Promise<number> => {
  const machine = describeMachine()
  const world = await makeWorld([
    ["build: { needs: ['lint', 'test'],", `${chatter}\n      build: { needs: ['lint', 'test'],`],
  ])
  const browser = await openBrowser()
  try {
    const id = await world.toStaging('1-good')
    const { figures, missed, exitCode } = judge(await measure(browser, world, id), { quick })
    const notes = [
      'Chromium headless without a GPU, on the same machine as the control plane. Times of loads are medians with an empty cache.',
      `The table of ${services} services is an answer in the API's form, put in the place of the control plane's own; the log is a real job's.`,
      ...missed,
    ]
    report({ command: 'bench:ui', machine, figures, notes, json })
    return exitCode
  } finally {
    await browser.close()
    await world.close()
  }
}

process.exitCode = await run()
