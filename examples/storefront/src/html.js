/** HTML as strings, escaped unless it says that it is markup already. */

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

class Markup {
  constructor(text) {
    this.text = text
  }
  toString() {
    return this.text
  }
}

const render = (value) => {
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  if (value === null || value === undefined || value === false) return ''
  return String(value).replace(/[&<>"']/g, (character) => escapes[character])
}

/** Tag for templates: every value is escaped, but for the results of other `html` templates. */
export const html = (strings, ...values) =>
  new Markup(strings.reduce((text, part, index) => text + render(values[index - 1]) + part))

/**
 * A whole page.
 * @param {import('./server.js').Shop} shop
 * @param {{ title: string, body: Markup, cartCount: number }} page
 */
export const layout = (shop, { title, body, cartCount }) =>
  '<!doctype html>\n' +
  html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} · ${shop.env.storeName}</title>
      <link rel="icon" href="${shop.assets.url('bike.svg')}" />
      <link rel="stylesheet" href="${shop.assets.url('site.css')}" />
      <script type="module" src="${shop.assets.url('site.js')}"></script>
    </head>
    <body>
      <header>
        <a class="brand" href="/">${shop.env.storeName}</a>
        <nav>
          <a href="/products">All products</a> <a href="/cart">Cart <b data-cart>${cartCount}</b></a>
        </nav>
        <form action="/search" role="search">
          <input name="q" type="search" placeholder="Search" aria-label="Search" />
        </form>
      </header>
      <main>${body}</main>
      <footer>${shop.env.storeName} · version ${shop.version.version} · ${shop.version.commit.slice(0, 12)}</footer>
    </body>
  </html> `.text
