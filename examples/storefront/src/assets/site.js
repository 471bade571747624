/** Keeps the stock on a product page fresh while the page is open; the page is whole without it. */
const stock = document.querySelector('[data-slug]')

if (stock !== null) {
  const events = new EventSource(`/api/stock/stream?slug=${encodeURIComponent(stock.dataset.slug)}`)
  events.addEventListener('stock', (event) => {
    const { left } = JSON.parse(event.data)
    stock.textContent = left > 5 ? 'In stock' : `Only ${left} left`
  })
}
