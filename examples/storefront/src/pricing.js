/** Money, in whole cents. Nothing here knows about pages. */

const format = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' })
const formatted = new Map()

/**
 * The amount as people read it, such as `€1,899.00`.
 * @param {number} cents
 */
export const money = (cents) => {
  const known = formatted.get(cents)
  if (known !== undefined) return known
  const text = format.format(cents / 100)
  // Bound: totals of carts are endless, catalogue prices are not; the memory of a long-lived process must not grow.
  if (formatted.size < 1_000) formatted.set(cents, text)
  return text
}

/**
 * What one piece costs now, its discount taken off, rounded to the cent in the customer's favour.
 * @param {{ priceCents: number, offPercent: number }} product
 */
export const priceNow = (product) => Math.floor((product.priceCents * (100 - product.offPercent)) / 100)

/**
 * @typedef {object} Totals
 * @property {number} itemsCents
 * @property {number} shippingCents
 * @property {number} taxCents the tax that is inside the total
 * @property {number} totalCents
 */

/**
 * @param {readonly { product: import('./catalogue.js').Product, count: number }[]} lines
 * @param {{ taxPercent: number, freeShippingFromCents: number }} rules
 * @returns {Totals}
 */
export const totals = (lines, rules) => {
  const itemsCents = lines.reduce((sum, { product, count }) => sum + priceNow(product) * count, 0)
  const shippingCents = itemsCents === 0 || itemsCents >= rules.freeShippingFromCents ? 0 : 490
  const totalCents = itemsCents + shippingCents
  const taxCents = Math.round((totalCents * rules.taxPercent) / (100 + rules.taxPercent))
  return { itemsCents, shippingCents, taxCents, totalCents }
}
