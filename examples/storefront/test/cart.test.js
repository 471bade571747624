import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cartCookie, countOf, readCart, withCount } from '../src/cart.js'
import { findProduct } from '../src/catalogue.js'

const chain = findProduct('chain-11-speed')
const pump = findProduct('mini-pump')

test('a cart survives its way through the cookie', () => {
  const cart = withCount(withCount([], chain, 2), pump, 1)
  assert.deepEqual(readCart(`theme=dark; ${cartCookie(cart).split(';')[0]}`), cart)
})

test('lines that do not read as lines are left out', () => {
  assert.deepEqual(readCart('cart=mini-pump:1.nothing:2.chain-11-speed:0.chain-11-speed:many.:'), [
    { product: pump, count: 1 },
  ])
  assert.deepEqual(readCart(undefined), [])
})

test('a count of 0 takes the line out, and nobody buys more than 99', () => {
  const cart = withCount([], chain, 500)
  assert.equal(countOf(cart, chain), 99)
  assert.deepEqual(withCount(cart, chain, 0), [])
})
