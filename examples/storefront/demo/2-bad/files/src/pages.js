/** The pages. Each takes the shop and what was asked, and gives `{ title, body }`. */
import { categories, products, productsIn } from './catalogue.js'
import { nextDelivery } from './deliveries.js'
import { html } from './html.js'
import { money, priceNow, totals } from './pricing.js'

const price = (product) =>
  product.offPercent === 0
    ? html`<span class="price">${money(product.priceCents)}</span>`
    : html`<span class="price"><s>${money(product.priceCents)}</s> ${money(priceNow(product))}</span>`

const card = (product) =>
  html`<li class="card"><a href="/products/${product.slug}">${product.name}</a>${price(product)}</li>`

const cards = (list) =>
  html`<ul class="cards">
    ${list.map(card)}
  </ul>`

export const homePage = () => ({
  title: 'Bicycles and what belongs to them',
  body: html`<h1>Bicycles and what belongs to them</h1>
    <h2>On offer this week</h2>
    ${cards(products.filter((product) => product.offPercent > 0))}
    <h2>By category</h2>
    <ul>
      ${categories.map((category) => html`<li><a href="/categories/${category.toLowerCase()}">${category}</a></li>`)}
    </ul>`,
})

export const cataloguePage = () => ({
  title: 'All products',
  body: html`<h1>All products</h1>
    ${categories.map(
      (category) =>
        html`<h2>${category}</h2>
          ${cards(productsIn(category))}`,
    )}`,
})

export const categoryPage = (list) => ({
  title: list[0].category,
  body: html`<h1>${list[0].category}</h1>
    ${cards(list)}`,
})

export const productPage = (product) => ({
  title: product.name,
  body: html`<article class="product">
    <h1>${product.name}</h1>
    <p>${price(product)}</p>
    <p class="stock" data-slug="${product.slug}">
      ${product.stock > 5 ? 'In stock' : `Only ${product.stock} left, more on ${nextDelivery(product)}`}
    </p>
    <form method="post" action="/cart">
      <input type="hidden" name="slug" value="${product.slug}" />
      <label>Pieces <input name="count" type="number" min="1" max="99" value="1" /></label>
      <button>Add to cart</button>
    </form>
    <h2>Goes well with it</h2>
    ${cards(
      productsIn(product.category)
        .filter((other) => other !== product)
        .slice(0, 4),
    )}
  </article>`,
})

export const searchPage = (query, found) => ({
  title: `Search: ${query}`,
  body: html`<h1>${found.length === 1 ? '1 product' : `${found.length} products`} for “${query}”</h1>
    ${cards(found)}`,
})

const summary = (shop, cart) => {
  const sums = totals(cart, shop.env)
  return html`<table class="sums">
    <tr>
      <th>Items</th>
      <td>${money(sums.itemsCents)}</td>
    </tr>
    <tr>
      <th>Shipping</th>
      <td>${sums.shippingCents === 0 ? 'free' : money(sums.shippingCents)}</td>
    </tr>
    <tr class="total">
      <th>Total</th>
      <td>${money(sums.totalCents)}</td>
    </tr>
    <tr>
      <th>of which ${shop.env.taxPercent} % tax</th>
      <td>${money(sums.taxCents)}</td>
    </tr>
  </table>`
}

export const cartPage = (shop, cart) => ({
  title: 'Cart',
  body:
    cart.length === 0
      ? html`<h1>Your cart is empty</h1>
          <p><a href="/products">See all products</a></p>`
      : html`<h1>Your cart</h1>
          <table>
            ${cart.map(
              ({ product, count }) =>
                html`<tr>
                  <td><a href="/products/${product.slug}">${product.name}</a></td>
                  <td>${count} ×</td>
                  <td>${money(priceNow(product) * count)}</td>
                </tr>`,
            )}
          </table>
          ${summary(shop, cart)}
          <form method="post" action="/checkout">
            <label>Email <input name="email" type="email" required /></label>
            <button>Order now</button>
          </form>`,
})

export const confirmationPage = (shop, { order, email, cart }) => ({
  title: 'Thank you',
  body: html`<h1>Thank you</h1>
    <p>Order <code>${order}</code> is on its way; the bill goes to ${email}.</p>
    ${summary(shop, cart)}`,
})

export const messagePage = (title, text) => ({
  title,
  body: html`<h1>${title}</h1>
    <p>${text}</p>`,
})
