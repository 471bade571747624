/** The dashboard in a real browser, on a real control plane that delivers a real service under traffic. `npm run test:e2e`. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { Traffic } from '../../../sluice/src/cli/demo/traffic.ts'
import { openBrowser, openTab, type Person, type Scheme, type Tab } from './browser.ts'
import { fileSecretKeeper } from '../../../sluice/src/adapters/secrets/file.ts'
import { configChanges, eventually, isSettled, makeWorld, type World } from './world.ts'

let world: World
let browser: Browser
let tab: Tab
let traffic: Traffic

/** Takes every message. */
const receiver = createServer((request, response) => request.resume().once('end', () => response.end()))

/** Pictures of every page for people to look at: SLUICE_SHOTS names a folder. */
const shots = process.env['SLUICE_SHOTS'] ?? null

const shoot = async (from: Tab, name: string): Promise<void> => {
  if (shots === null) return
  mkdirSync(shots, { recursive: true })
  await from.page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
}

before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  // Its secret is not there yet, so that the first messages are refused.
  const hook = `{ webhook: { url: 'http://127.0.0.1:${port}/', secret: 'HOOK_SECRET' } }`
  const route = `{ kinds: ['rollout.promoted', 'rollout.rolled_back'], channels: ['hook'] }`
  const notify = `notify: { channels: { hook: ${hook} }, routes: [${route}] }`
  world = await makeWorld([...configChanges, ["service: 'storefront',", `service: 'storefront', ${notify},`]])
  browser = await openBrowser()
  await world.toStaging('1-good')
  await world.until(await world.promote(), isSettledOrWaits)
  tab = await openTab(browser, world)
  traffic = await world.traffic()
})

after(async () => {
  await traffic?.close()
  await browser?.close()
  await world?.close()
  receiver.close()
  receiver.closeAllConnections()
})

const isSettledOrWaits: Parameters<World['until']>[1] = (view) => isSettled(view) || view.stage?.kind === 'awaiting'

const production = async (): Promise<string> => {
  const { environments } = await world.client.call('environments.list', {})
  return environments.find(({ name }) => name === 'production')?.serving?.version ?? 'nothing'
}

const confirm = async (page: Tab['page'], button: string, reason?: string): Promise<void> => {
  await page.getByRole('button', { name: button, exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'What happens' }).waitFor()
  await dialog.getByRole('heading', { name: 'If it fails' }).waitFor()
  if (reason !== undefined) await dialog.getByRole('textbox').fill(reason)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** The page as it is, on a narrow screen: all of it is in sight. */
const fitsNarrow = async (own: Tab, name: string): Promise<void> => {
  const wide = own.page.viewportSize()
  await own.page.setViewportSize({ width: 390, height: 844 })
  await shoot(own, `${name}-390`)
  deepStrictEqual(await own.outOfSight(), [], name)
  if (wide !== null) await own.page.setViewportSize(wide)
}

/** Somebody with one role, everywhere. */
const person = async (name: string, role: 'viewer' | 'approver'): Promise<Person> => {
  const password = `the password of ${name}`
  await world.client.call('people.add', { body: { name, password } })
  await world.client.call('people.grant', { params: { person: name, role }, body: {} })
  return { name, password }
}

/** No button of the page's deeds does anything, and each says why. */
const refusesAll = async ({ page }: Tab): Promise<void> => {
  const buttons = await page.locator('.deeds button').all()
  ok(buttons.length > 0)
  for (const button of buttons) {
    strictEqual(await button.getAttribute('aria-disabled'), 'true', (await button.textContent()) ?? '')
    ok(await page.locator(`[id="${await button.getAttribute('aria-describedby')}"]`).textContent())
    await button.click({ force: true })
    strictEqual(await page.getByRole('dialog').count(), 0)
  }
}

test('without the token nothing is shown, and a wrong one is told', async () => {
  strictEqual(JSON.parse(world.type('open', '--json')).url, world.url)
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  await page.goto(`${world.url}/rollouts`)
  ok((await page.evaluate<number>('document.scrollingElement.scrollWidth - window.innerWidth')) <= 0)
  await page.getByLabel('Token').fill('x'.repeat(43))
  await page.getByLabel('Token').press('Enter')
  await page.getByText(/(?:the token|that) is not .*of this control plane/).waitFor()
  await page.getByLabel('Token').fill(world.token)
  await page.getByLabel('Token').press('Enter')
  await page.getByRole('heading', { name: 'Rollouts', level: 1 }).waitFor()
  await context.close()
})

test('the overview shows what serves, and follows it without being asked', async () => {
  await tab.open('/')
  await tab.page.getByRole('row', { name: /storefront/ }).waitFor()
  await tab.page.getByText('live', { exact: true }).waitFor()
  const first = await production()
  await tab.page.getByRole('link', { name: first }).first().waitFor()
})

test('a canary that turns bad is seen failing, and its cause comes first', async () => {
  const before = await production()
  await world.toStaging('2-bad')
  await tab.open('/environments/production')
  await tab.page.getByRole('button', { name: 'Promote', exact: true }).first().click()
  const dialog = tab.page.getByRole('dialog')
  // What it makes good is asked for only once it is said to be a hotfix.
  strictEqual(await dialog.getByLabel(/makes good/).count(), 0)
  await dialog.getByLabel(/It is a hotfix/).check()
  const { items: earlier } = await world.client.call('rollouts.list', {
    query: { environment: 'production', limit: 1 },
  })
  await dialog.getByLabel(/makes good/).fill(String(earlier[0]?.id))
  deepStrictEqual(await tab.violations(), [])
  await dialog.getByRole('button', { name: 'Promote', exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
  await tab.page.getByRole('link', { name: /^rol_/ }).click()
  await tab.page
    .getByText('Hotfix', { exact: true })
    .locator('..')
    .getByRole('link', { name: String(earlier[0]?.id) })
    .waitFor()
  await tab.page.getByText('rolling out').first().waitFor()
  await tab.page.getByRole('heading', { name: 'Traffic' }).waitFor()
  await shoot(tab, 'rollout-live')
  await fitsNarrow(tab, 'rollout-live')
  await tab.page.getByRole('heading', { name: 'Why it was rolled back' }).waitFor({ timeout: 30_000 })
  const told = await tab.page.getByRole('region', { name: 'Why it was rolled back' }).textContent()
  match(told ?? '', /bad \(.*evidence E = /)
  strictEqual(await production(), before)
  await tab.open('/')
  await tab.page
    .getByText(/rolled back: the gateway's tripwire|rolled back: the judge/)
    .first()
    .waitFor()
})

test('a control plane that is killed in the middle of a rollout is waited for quietly; then a person approves, and it arrives', async () => {
  await world.toStaging('3-fixed')
  const rollout = await world.promote()
  await tab.open(`/rollouts/${rollout}`)
  await tab.page.getByText('waits for approval').first().waitFor({ timeout: 60_000 })
  await shoot(tab, 'rollout-awaiting')
  await fitsNarrow(tab, 'rollout-awaiting')
  const errorsBefore = tab.errors.length
  await world.kill()
  await tab.page.getByText(/^(?:reconnecting|asking every 5 s)$/).waitFor()
  await tab.page.getByText('waits for approval').first().waitFor()
  await tab.page.getByText('live', { exact: true }).waitFor({ timeout: 60_000 })
  // What the network refused meanwhile is in the console, by the browser's own hand.
  deepStrictEqual(
    tab.errors.slice(errorsBefore).filter((text) => !/ERR_|Failed to (?:load|fetch)/.test(text)),
    [],
  )
  await tab.page.getByRole('link', { name: /Approvals/ }).click()
  await tab.page.getByRole('heading', { name: 'Approvals', level: 1 }).waitFor()
  await shoot(tab, 'approvals')
  await tab.page.getByRole('button', { name: 'Approve', exact: true }).first().waitFor()
  await fitsNarrow(tab, 'approvals-waiting')
  const seen = await openTab(browser, world, { scheme: 'dark', person: await person('vera', 'viewer') })
  await seen.open('/approvals')
  await seen.page.getByText('Approve, Reject: takes approver or admin in production', { exact: true }).waitFor()
  await refusesAll(seen)
  deepStrictEqual([await seen.violations(), seen.errors], [[], []])
  await seen.context.close()
  const approver = await openTab(browser, world, { scheme: 'light', person: await person('paula', 'approver') })
  await approver.open('/approvals')
  await confirm(approver.page, 'Approve', 'looks good')
  await approver.context.close()
  strictEqual((await world.until(rollout, isSettled)).status, 'succeeded')
  await tab.open(`/rollouts/${rollout}`)
  await tab.page.getByText('succeeded').first().waitFor()
})

test('a rollback by a person brings the release before back', async () => {
  const { environments } = await world.client.call('environments.list', {})
  const previous = environments.find(({ name }) => name === 'production')?.previous?.version ?? 'none'
  await tab.open('/environments/production')
  await confirm(tab.page, 'Roll back', 'a customer called')
  await eventually('the rollback', production, (version) => version === previous)
  await tab.page.getByText('Serves').locator('..').getByRole('link', { name: previous }).waitFor()
})

test('nobody is offered what they may not do: they see who may; and a role counts at once', async () => {
  const approver = { role: 'approver', environments: ['production'] } as const
  for (const scheme of ['light', 'dark'] as const) {
    const name = `victor-${scheme}`
    const own = await openTab(browser, world, { scheme, person: await person(name, 'viewer') })
    await own.open('/environments/production')
    const button = (word: string) => own.page.getByRole('button', { name: word, exact: true })
    await own.page.getByText(/Lock, Freeze 1 h: takes deployer or admin in production/).waitFor()
    await refusesAll(own)
    deepStrictEqual(await own.violations(), [])
    await shoot(own, `barred-${scheme}`)
    const { role, environments } = approver
    await world.client.call('people.grant', { params: { person: name, role }, body: { environments } })
    // An approver may take it back, and may not send it on.
    await own.page.locator('.deeds button:not([aria-disabled])', { hasText: 'Roll back' }).waitFor()
    await button('Roll back').click()
    await own.page.getByRole('dialog').getByRole('heading', { name: 'What happens' }).waitFor()
    await own.page.keyboard.press('Escape')
    strictEqual(await button('Promote').getAttribute('aria-disabled'), 'true')
    await own.open('/environments/staging')
    await refusesAll(own)
    const { items: releases } = await world.client.call('releases.list', { query: { limit: 1 } })
    const { items: runs } = await world.client.call('runs.list', { query: { limit: 1 } })
    for (const [path, why] of [
      [`/releases/${releases[0]?.id}`, /takes deployer or admin/],
      [`/runs/${runs[0]?.id}`, /takes developer or deployer or admin/],
    ] as const) {
      await own.open(path)
      await own.page.getByText(why).waitFor()
      await refusesAll(own)
      deepStrictEqual(await own.violations(), [])
    }
    deepStrictEqual(own.errors, [])
    await own.context.close()
  }
})

test('what could not be delivered is seen with its reason, tried again once the reason is gone, and given up', async () => {
  await tab.open('/notifications')
  const channels = tab.page.getByRole('region', { name: 'Channels' })
  await channels.getByRole('row', { name: /hook/ }).getByText('failing').waitFor()
  await tab.page.getByLabel('Show').selectOption('dead')
  const dead = tab.page.locator('details.message')
  await dead.first().locator('summary').click()
  await dead.first().getByText('HOOK_SECRET').first().waitFor()
  await fileSecretKeeper(join(world.directory, '.sluice')).keep(
    { name: 'HOOK_SECRET', value: 'x'.repeat(40) },
    new AbortController().signal,
  )
  await confirm(tab.page, 'Try again', 'the secret is there now')
  await tab.page.getByLabel('Show').selectOption('delivered')
  await dead.first().getByText('delivered').waitFor()
  await channels.getByRole('row', { name: /hook/ }).getByText('delivers').waitFor()
  await tab.page.getByLabel('Show').selectOption('dead')
  const before = await dead.count()
  await dead.first().locator('summary').click()
  await confirm(tab.page, 'Give up')
  await eventually(
    'the message given up',
    () => dead.count(),
    (count) => count === before - 1,
  )
  // What else its channel refused is tried at once.
  await tab.page.getByRole('button', { name: 'Retry all of hook' }).click()
  const asking = tab.page.getByRole('dialog')
  await asking.getByRole('textbox').fill('the rest of them')
  await asking.getByRole('button', { name: 'Retry all' }).click()
  await tab.page
    .getByText(/^[1-9]\d* messages? tried again$/)
    .first()
    .waitFor()
  await asking.waitFor({ state: 'hidden' })
  await eventually(
    'the rest being delivered',
    () => dead.count(),
    (count) => count === 0,
  )
  await tab.page.getByRole('button', { name: 'Test hook' }).click()
  const dialog = tab.page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Send test' }).click()
  await tab.page.getByText('hook took the test').first().waitFor()
  await dialog.waitFor({ state: 'hidden' })
  await shoot(tab, 'notifications-driven')
})

test('a log is found in: by text, by number of line', async () => {
  const { items } = await world.client.call('runs.list', { query: { limit: 1 } })
  const run = items[0]?.id ?? ''
  await tab.open(`/runs/${run}?job=build`)
  const search = tab.page.getByLabel('Search the log')
  await tab.page.getByText(/^\d+ lines$/).waitFor()
  await search.fill('built storefront')
  await tab.page.getByText('1 of 1', { exact: true }).waitFor()
  strictEqual(await tab.page.locator('.line mark').first().textContent(), 'built storefront')
  const number = await tab.page.locator('.line.found a').textContent()
  await tab.page.locator('.line.found a').click()
  strictEqual(new URL(tab.page.url()).hash, `#L${number}`)
  await tab.page.reload()
  await tab.page.locator('.line.chosen').waitFor()
})

test('the ledger is filtered, proves a row, is exported, and its chain is checked', async () => {
  await tab.open('/ledger')
  const { page } = tab
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('rollout')
  await page.getByRole('combobox', { name: 'Environment' }).selectOption('production')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.waitForURL(/kind=rollout&environment=production/)
  await page.getByText('rollout started', { exact: true }).last().click()
  const proof = page.getByLabel(/^Inclusion proof of row \d+$/)
  await proof.waitFor()
  match((await proof.textContent()) ?? '', /^c2sp\.org\/tlog-proof@v1/)
  await shoot(tab, 'ledger-proof')
  await fitsNarrow(tab, 'ledger-proof')
  deepStrictEqual(await tab.violations(), [])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Export CSV' }).click(),
  ])
  strictEqual(download.suggestedFilename(), 'ledger.csv')
  await page.getByRole('button', { name: 'Verify the chain' }).click()
  await page.getByText(/^whole: [\d ,.\u202f]+ rows, head/).waitFor({ timeout: 60_000 })
})

test('a list is filtered, its address says the filter, the way back works, and nothing found says why', async () => {
  await tab.open('/rollouts')
  const { page } = tab
  await page.getByRole('combobox', { name: 'Status' }).selectOption('succeeded')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.waitForURL(/\/rollouts\?status=succeeded$/)
  await page.getByRole('searchbox', { name: 'Service' }).fill('no-such-service')
  await page.getByRole('searchbox', { name: 'Service' }).press('Enter')
  await page.getByText('Nothing is of this filter: Status succeeded, Service no-such-service.').waitFor()
  await shoot(tab, 'rollouts-filtered')
  await fitsNarrow(tab, 'rollouts-filtered')
  deepStrictEqual(await tab.violations(), [])
  await page.goBack()
  await page.waitForURL(/\/rollouts\?status=succeeded$/)
  await page.getByRole('region', { name: 'Rollouts' }).waitFor()
  strictEqual(await page.getByRole('searchbox', { name: 'Service' }).inputValue(), '')
  await page.goForward()
  await page.getByRole('link', { name: 'Clear the filter' }).click()
  await page.waitForURL(/\/rollouts$/)
})

test('keys lead everywhere, and nothing happens by one of them', async () => {
  await tab.open('/')
  const { page } = tab
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor()
  strictEqual(await page.evaluate('document.activeElement?.tagName'), 'H1')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/runs\/run_/)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('production')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/environments\/production$/)
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
})

test('stacked on a narrow screen, tables are heard as on a wide one: the same rows, heads and cells, and nothing twice', async () => {
  const heard: Record<string, readonly (readonly string[])[]> = {}
  for (const width of [1_360, 390]) {
    const own = await openTab(browser, world, { scheme: 'light', width })
    const told: (readonly string[])[] = []
    for (const path of ['/', '/rollouts']) {
      await own.open(path)
      await own.page.getByRole('table').first().waitFor()
      await own.page.getByText('live', { exact: true }).first().waitFor()
      told.push(await own.tablesHeard())
    }
    heard[width] = told
    if (width === 390) {
      // A card for each environment, one below the other, each as wide as the page.
      await own.open('/')
      const cards = own.page.locator('.matrix td')
      await cards.nth(1).waitFor()
      const [staging, production] = [await cards.nth(0).boundingBox(), await cards.nth(1).boundingBox()]
      ok(staging !== null && production !== null && production.y >= staging.y + staging.height)
      deepStrictEqual([staging.x, staging.width], [production.x, production.width])
      ok(production.width > 300)
    }
    await own.context.close()
  }
  deepStrictEqual(heard[390], heard[1_360])
  const [overview = []] = heard[390] ?? []
  deepStrictEqual(overview.slice(0, 8), [
    'table',
    'row',
    'columnheader',
    'Service',
    'columnheader',
    'staging',
    'columnheader',
    'production',
  ])
})

test('of a long list on a narrow screen only what is in sight is made, and each service is as high as is reckoned with', async () => {
  const own = await openTab(browser, world, { scheme: 'light', width: 390 })
  const services = 100
  await own.page.route(/\/v1\/environments$/, async (route) => {
    const answer = await route.fetch()
    const view = await answer.json()
    const many = Array.from({ length: services }, (_, index) =>
      view.environments.map((one: object) => ({ ...one, service: `service-${index}` })),
    )
    await route.fulfill({ response: answer, json: { ...view, environments: many.flat() } })
  })
  await own.open('/')
  const matrix = own.page.locator('.matrix')
  await matrix.getByText('service-0', { exact: true }).waitFor()
  const heights =
    'new Set([...document.querySelectorAll(".matrix tbody tr:not(.space)")].map((row) => row.offsetHeight))'
  deepStrictEqual(await own.page.evaluate(`[...${heights}]`), [40 + 2 * 54])
  ok((await own.page.locator('.matrix tbody tr').count()) < services)
  deepStrictEqual(await own.outOfSight(), [])
  await own.page.evaluate('window.scrollTo(0, 50 * 148)')
  await matrix.getByText('service-50', { exact: true }).waitFor()
  await shoot(own, 'overview-long-390')
  await own.page.setViewportSize({ width: 1_360, height: 900 })
  await eventually(
    'rows of one line',
    () => own.page.evaluate<readonly number[]>(`[...${heights}]`),
    ([one, ...others]) => one === 46 && others.length === 0,
  )
  await own.context.close()
})

test('every page is accessible in both themes, on wide screens and narrow ones, and says nothing in the console', async () => {
  const { items: runs } = await world.client.call('runs.list', { query: { limit: 1 } })
  const { items: rollouts } = await world.client.call('rollouts.list', { query: { limit: 100 } })
  const { items: releases } = await world.client.call('releases.list', { query: { limit: 1 } })
  const incident = await world.client.call('incidents.open', {
    body: { environment: 'production', title: 'The cart is empty' },
  })
  const bad = rollouts.find(({ status }) => status === 'rolled_back')
  const good = rollouts.find(({ status, strategy }) => status === 'succeeded' && strategy === 'canary')
  const paths: readonly (readonly [name: string, path: string])[] = [
    ['overview', '/'],
    ['service', '/services/storefront'],
    ['runs', '/runs'],
    ['run', `/runs/${runs[0]?.id}`],
    ['rollouts', '/rollouts'],
    ['rollout-bad', `/rollouts/${bad?.id}`],
    ['rollout-good', `/rollouts/${good?.id}`],
    ['releases', '/releases'],
    ['release', `/releases/${releases[0]?.id}`],
    ['environments', '/environments'],
    ['environment', '/environments/production'],
    ['approvals', '/approvals'],
    ['incidents', '/incidents'],
    ['incident', `/incidents/${incident.id}`],
    ['dora', '/dora'],
    ['ledger', '/ledger'],
    ['notifications', '/notifications'],
    ['settings', '/settings'],
    ['system', '/system'],
    ['missing', '/settings/none'],
  ]
  const dialogs: readonly (readonly [name: string, path: string, opens: (page: Tab['page']) => Promise<void>])[] = [
    ['finder', '/', (page) => page.keyboard.press('Control+k')],
    ['keys', '/', (page) => page.keyboard.press('?')],
    ['deed', '/environments/production', (page) => page.getByRole('button', { name: 'Lock' }).click()],
  ]
  const broken: string[] = []
  const kinds: readonly { readonly scheme: Scheme; readonly width: number }[] = [
    { scheme: 'light', width: 1_360 },
    { scheme: 'dark', width: 1_360 },
    { scheme: 'light', width: 390 },
  ]
  for (const kind of kinds) {
    const own = await openTab(browser, world, kind)
    for (const [name, path] of paths) {
      await own.open(path)
      await own.page.waitForSelector('main .part, main .empty, main table, main .lines, main .facts')
      await own.page.getByText('live', { exact: true }).first().waitFor()
      if (name === 'dora') await own.page.getByText('Change fail rate').waitFor()
      await shoot(own, `${name}-${kind.scheme}-${kind.width}`)
      const where = `${name}, ${kind.scheme}, ${kind.width} pixels`
      for (const violation of await own.violations()) broken.push(`${where}: ${violation}`)
      if (kind.width < 768) for (const one of await own.outOfSight()) broken.push(`${where}: ${one}`)
      const overflow = await own.page.evaluate<number>('document.scrollingElement.scrollWidth - window.innerWidth')
      if (overflow > 0) broken.push(`${where}: ${overflow} pixels too wide`)
    }
    for (const [name, path, opens] of dialogs) {
      await own.open(path)
      await opens(own.page)
      await own.page.getByRole('dialog').waitFor()
      await shoot(own, `${name}-${kind.scheme}-${kind.width}`)
      for (const violation of await own.violations()) broken.push(`${name}, ${kind.scheme}: ${violation}`)
      if (kind.width < 768) for (const one of await own.outOfSight()) broken.push(`${name}, narrow: ${one}`)
    }
    for (const error of own.errors) broken.push(`${kind.scheme}, ${kind.width} pixels, console: ${error}`)
    await own.context.close()
  }
  deepStrictEqual(broken, [])
  ok(paths.length >= 18)
})
