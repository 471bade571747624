import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProduct, products, searchProducts } from '../src/catalogue.js'
import { money, priceNow, totals } from '../src/pricing.js'

const rules = { taxPercent: 19, freeShippingFromCents: 10_000 }

test('a discount is taken off and rounded to the cent in the favour of the customer', () => {
  assert.equal(priceNow({ priceCents: 1_999, offPercent: 0 }), 1_999)
  assert.equal(priceNow({ priceCents: 1_999, offPercent: 15 }), 1_699)
})

test('money reads as people write it', () => {
  assert.equal(money(189_900), '€1,899.00')
  assert.equal(money(0), '€0.00')
})

test('shipping is free from the set sum on, and for an empty cart', () => {
  const tyre = findProduct('tyre-28-mm')
  assert.deepEqual(totals([{ product: tyre, count: 1 }], rules), {
    itemsCents: 3_900,
    shippingCents: 490,
    taxCents: 701,
    totalCents: 4_390,
  })
  assert.equal(totals([{ product: tyre, count: 3 }], rules).shippingCents, 0)
  assert.deepEqual(totals([], rules), { itemsCents: 0, shippingCents: 0, taxCents: 0, totalCents: 0 })
})

test('every product has its own address', () => {
  assert.equal(new Set(products.map(({ slug }) => slug)).size, products.length)
  for (const { slug } of products) assert.match(slug, /^[a-z0-9]+(-[a-z0-9]+)*$/)
})

test('search wants every word and gives the cheapest first', () => {
  assert.deepEqual(
    searchProducts('chain SPEED').map(({ slug }) => slug),
    ['chain-11-speed', 'chain-12-speed'],
  )
  assert.deepEqual(searchProducts('  '), [])
})
