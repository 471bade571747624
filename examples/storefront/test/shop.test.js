import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { openShop } from './shop.js'

const get = async (url, options) => {
  const response = await fetch(url, { redirect: 'manual', ...options })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test('the pages answer and say what they are', async (t) => {
  const { base } = await openShop(t)
  for (const [path, words] of [
    ['/', 'On offer this week'],
    ['/products', 'Track pump'],
    ['/categories/wheels', 'Dynamo wheel'],
    ['/search?q=chain+12', '1 product for'],
    ['/cart', 'Your cart is empty'],
  ]) {
    const page = await get(base + path)
    assert.equal(page.status, 200, path)
    assert.match(page.headers.get('content-type'), /^text\/html/)
    assert.ok(page.text.includes(words), `${path} should say ${words}`)
  }
})

test('a product page shows the price and, when there is a discount, the old one too', async (t) => {
  const { base } = await openShop(t)
  const chain = await get(`${base}/products/chain-11-speed`)
  assert.equal(chain.status, 200)
  assert.match(chain.text, /€29\.90/)
  const jacket = await get(`${base}/products/rain-jacket`)
  assert.match(jacket.text, /<s>€149\.00<\/s> €111\.75/)
  const rack = await get(`${base}/products/work-stand`)
  assert.match(rack.text, /€169\.00/)
})

test('what is not there is a 404 that a person, or a program, can read', async (t) => {
  const { base } = await openShop(t)
  for (const path of ['/nowhere', '/products/rocket', '/categories/boats', '/assets/site.zip', '//']) {
    assert.equal((await get(base + path)).status, path === '//' ? 200 : 404, path)
  }
  assert.deepEqual(JSON.parse((await get(`${base}/api/products/rocket`)).text), { error: 'We do not sell that.' })
})

test('a customer fills a cart and orders', async (t) => {
  const { base } = await openShop(t)
  const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields) })
  const added = await get(`${base}/cart`, form({ slug: 'helmet', count: '2' }))
  assert.equal(added.status, 303)
  const headers = { cookie: added.headers.get('set-cookie').split(';')[0] }
  assert.match((await get(`${base}/cart`, { headers })).text, /€238\.00/)
  const bad = await get(`${base}/checkout`, { ...form({ email: 'nobody' }), headers })
  assert.equal(bad.status, 400)
  const done = await get(`${base}/checkout`, { ...form({ email: 'ada@example.com' }), headers })
  assert.equal(done.status, 200)
  assert.match(done.text, /the bill goes to ada@example\.com/)
  assert.match(done.headers.get('set-cookie'), /^cart=;/)
})

test('what a customer types is escaped', async (t) => {
  const { base } = await openShop(t)
  const page = await get(`${base}/search?q=${encodeURIComponent('<script>alert(1)</script>')}`)
  assert.ok(!page.text.includes('<script>alert'))
})

test('assets are named by their content and kept for ever; one of another version is ours, uncached', async (t) => {
  const { base } = await openShop(t)
  const path = /\/assets\/site\.[0-9a-f]{10}\.css/.exec((await get(base)).text)[0]
  assert.match((await get(base + path)).headers.get('cache-control'), /immutable/)
  const other = await get(`${base}/assets/site.0000000000.css`)
  assert.equal(other.status, 200)
  assert.equal(other.headers.get('cache-control'), 'no-store')
})

test('the api quotes a price with shipping and tax', async (t) => {
  const { base } = await openShop(t)
  assert.deepEqual(JSON.parse((await get(`${base}/api/quote?slug=inner-tube&count=3`)).text), {
    slug: 'inner-tube',
    count: 3,
    itemsCents: 2_070,
    shippingCents: 490,
    taxCents: 409,
    totalCents: 2_560,
  })
  assert.equal((await get(`${base}/api/quote?slug=inner-tube&count=0`)).status, 400)
})

test('a form that is too long is refused', async (t) => {
  const { base } = await openShop(t)
  assert.equal((await get(`${base}/cart`, { method: 'POST', body: 'x'.repeat(20_000) })).status, 413)
})

test('it is ready while it serves; when it stops, requests in flight are answered and streams end', async (t) => {
  const { base, port, stop } = await openShop(t)
  assert.deepEqual(JSON.parse((await get(`${base}/health/live`)).text), { status: 'live' })
  assert.deepEqual(JSON.parse((await get(`${base}/health/ready`)).text), { status: 'ready' })

  const stream = await fetch(`${base}/api/stock/stream?slug=mini-pump`)
  const slow = request({ port, host: '127.0.0.1', method: 'POST', path: '/cart', headers: { 'content-length': 17 } })
  const answered = new Promise((resolve, reject) => slow.once('response', resolve).once('error', reject))
  slow.write('slug=mini')
  await new Promise((resolve) =>
    slow.once('socket', (socket) => (socket.connecting ? socket.once('connect', resolve) : resolve())),
  )
  await get(`${base}/health/live`)

  const stopped = stop()
  assert.match(await stream.text(), /event: stock/)
  slow.end('-pump&a=')
  const response = await answered
  assert.equal(response.statusCode, 303)
  response.resume()
  await stopped
  await assert.rejects(fetch(`${base}/health/live`))
})
