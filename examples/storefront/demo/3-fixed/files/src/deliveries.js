/** What is ordered from the makers and when it comes. */
const deliveries = [
  { slug: 'cargo-bike-barge', on: '3 December' },
  { slug: 'wheelset-700c-carbon', on: '28 November' },
]

/**
 * When the next pieces of a product come: a day once they are ordered, else `soon`.
 * @param {{ slug: string }} product
 */
export const nextDelivery = (product) => {
  const delivery = deliveries.find(({ slug }) => slug === product.slug)
  return delivery === undefined ? 'soon' : `on ${delivery.on}`
}
