/** One table: method, path, and what answers. `:name` takes one segment. */
import { randomUUID } from 'node:crypto'
import { cartCookie, countOf, withCount } from './cart.js'
import { findProduct, products, productsIn, searchProducts } from './catalogue.js'
import {
  cartPage,
  cataloguePage,
  categoryPage,
  confirmationPage,
  homePage,
  messagePage,
  productPage,
  searchPage,
} from './pages.js'
import { priceNow, totals } from './pricing.js'
import { HttpError, readForm, redirect, send, sendJson, sendPage } from './respond.js'

const productOf = (slug) => {
  const product = findProduct(slug)
  if (product === undefined) throw new HttpError(404, 'We do not sell that.')
  return product
}

const asJson = (product) => ({ ...product, priceNowCents: priceNow(product) })

const category = (visit) => {
  const list = productsIn(visit.params.name)
  if (list.length === 0) throw new HttpError(404, 'There is no such category.')
  sendPage(visit, categoryPage(list))
}

const addToCart = async ({ request, response, cart }) => {
  const form = await readForm(request)
  const product = productOf(form.get('slug') ?? '')
  const count = Number(form.get('count') ?? '1')
  if (!Number.isInteger(count)) throw new HttpError(400, 'How many pieces? That is not a whole number.')
  const next = withCount(cart, product, countOf(cart, product) + count)
  redirect(response, '/cart', { 'set-cookie': cartCookie(next) })
}

const order = async (visit) => {
  const { shop, request, cart } = visit
  const email = (await readForm(request)).get('email') ?? ''
  if (cart.length === 0) throw new HttpError(409, 'There is nothing in the cart.')
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new HttpError(400, 'That is not an email address.')
  sendPage(visit, confirmationPage(shop, { order: randomUUID(), email, cart }), {
    headers: { 'set-cookie': cartCookie([]) },
    cart: [],
  })
}

const asset = ({ shop, response, params }) => {
  const found = shop.assets.find(params.file)
  if (found === undefined) throw new HttpError(404, 'There is no such file.')
  const cache = found.current ? 'public, max-age=31536000, immutable' : 'no-store'
  send(response, { type: found.type, body: found.body, headers: { 'cache-control': cache } })
}

const quote = ({ shop, response, url }) => {
  const product = productOf(url.searchParams.get('slug') ?? '')
  const count = Number(url.searchParams.get('count') ?? '1')
  if (!Number.isInteger(count) || count < 1 || count > 99) throw new HttpError(400, 'count must be from 1 to 99.')
  sendJson(response, { slug: product.slug, count, ...totals([{ product, count }], shop.env) })
}

const stockStream = ({ shop, request, response, url }) => {
  const product = productOf(url.searchParams.get('slug') ?? '')
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const tell = () =>
    response.write(`event: stock\ndata: ${JSON.stringify({ slug: product.slug, left: product.stock })}\n\n`)
  tell()
  const timer = setInterval(tell, 5_000)
  const end = () => response.end()
  shop.stopping.addEventListener('abort', end, { once: true })
  request.on('close', () => {
    clearInterval(timer)
    shop.stopping.removeEventListener('abort', end)
  })
}

const live = ({ response }) => sendJson(response, { status: 'live' })

const ready = ({ shop, response }) =>
  shop.stopping.aborted ? sendJson(response, { status: 'stopping' }, 503) : sendJson(response, { status: 'ready' })

/** @type {readonly [string, string, (visit: import('./server.js').Visit) => void | Promise<void>][]} */
export const routes = [
  ['GET', '/', (visit) => sendPage(visit, homePage())],
  ['GET', '/products', (visit) => sendPage(visit, cataloguePage())],
  ['GET', '/products/:slug', (visit) => sendPage(visit, productPage(productOf(visit.params.slug)))],
  ['GET', '/categories/:name', category],
  [
    'GET',
    '/search',
    (visit) => {
      const query = (visit.url.searchParams.get('q') ?? '').slice(0, 100)
      sendPage(visit, searchPage(query, searchProducts(query)))
    },
  ],
  ['GET', '/cart', (visit) => sendPage(visit, cartPage(visit.shop, visit.cart))],
  ['POST', '/cart', addToCart],
  ['POST', '/checkout', order],
  ['GET', '/assets/:file', asset],
  ['GET', '/api/products', ({ response }) => sendJson(response, products.map(asJson))],
  ['GET', '/api/products/:slug', ({ response, params }) => sendJson(response, asJson(productOf(params.slug)))],
  ['GET', '/api/quote', quote],
  ['GET', '/api/stock/stream', stockStream],
  ['GET', '/api/version', ({ shop, response }) => sendJson(response, shop.version)],
  ['GET', '/health/live', live],
  ['GET', '/health/ready', ready],
]

/** What a customer sees when something is wrong. */
export const sendError = (visit, status, text) => {
  if (visit.url.pathname.startsWith('/api/')) return sendJson(visit.response, { error: text }, status)
  return sendPage(visit, messagePage(status === 404 ? 'Not found' : 'Something went wrong', text), { status })
}
