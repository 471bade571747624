import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProduct } from '../src/catalogue.js'
import { nextDelivery } from '../src/deliveries.js'
import { productPage } from '../src/pages.js'

test('a scarce product says when more of it come', () => {
  const bike = findProduct('cargo-bike-barge')
  assert.equal(nextDelivery(bike), '3 December')
  assert.match(String(productPage(bike).body), /Only 1 left, more on 3 December/)
})
