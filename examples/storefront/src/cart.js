/**
 * The cart lives in the customer's cookie (`slug:count` pairs), so that any instance of any version can serve any request.
 */
import { findProduct } from './catalogue.js'

const countMax = 99
const linesMax = 50

/** @typedef {readonly { product: import('./catalogue.js').Product, count: number }[]} Cart */

/**
 * Reads the cart of a request; whatever does not read as a line is left out.
 * @param {string | undefined} cookieHeader
 * @returns {Cart}
 */
export const readCart = (cookieHeader) => {
  const cookie = (cookieHeader ?? '').split(/;\s*/).find((pair) => pair.startsWith('cart='))
  if (cookie === undefined) return []
  const lines = new Map()
  for (const pair of cookie.slice('cart='.length).split('.').slice(0, linesMax)) {
    const [slug, count] = pair.split(':')
    const product = findProduct(slug ?? '')
    if (product !== undefined && /^[1-9]\d?$/.test(count ?? '')) lines.set(product, Number(count))
  }
  return [...lines].map(([product, count]) => ({ product, count }))
}

/**
 * The `set-cookie` value that makes `cart` the customer's cart.
 * @param {Cart} cart
 */
export const cartCookie = (cart) =>
  `cart=${cart.map(({ product, count }) => `${product.slug}:${count}`).join('.')}; path=/; max-age=604800; httponly; samesite=lax`

/**
 * The cart with `count` pieces of the product; 0 takes the line out.
 * @param {Cart} cart
 * @param {import('./catalogue.js').Product} product
 * @param {number} count
 * @returns {Cart}
 */
export const withCount = (cart, product, count) => {
  const others = cart.filter((line) => line.product !== product)
  return count <= 0 ? others : [...others, { product, count: Math.min(count, countMax) }].slice(-linesMax)
}

/** @param {Cart} cart @param {import('./catalogue.js').Product} product */
export const countOf = (cart, product) => cart.find((line) => line.product === product)?.count ?? 0
