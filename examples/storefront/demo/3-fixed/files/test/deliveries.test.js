import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProduct, products } from '../src/catalogue.js'
import { nextDelivery } from '../src/deliveries.js'
import { productPage } from '../src/pages.js'

test('a scarce product says when more of it come', () => {
  const bike = findProduct('cargo-bike-barge')
  assert.equal(nextDelivery(bike), 'on 3 December')
  assert.match(String(productPage(bike).body), /Only 1 left, more on 3 December/)
})

test('every product has a page, whether or not more of it are ordered', () => {
  for (const product of products) assert.ok(String(productPage(product).body).includes(product.slug))
})
