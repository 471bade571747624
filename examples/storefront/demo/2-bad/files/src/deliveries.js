/** What is ordered from the makers and when it comes. */
const deliveries = [
  { slug: 'cargo-bike-barge', on: '3 December' },
  { slug: 'wheelset-700c-carbon', on: '28 November' },
]

/**
 * When the next pieces of a product come.
 * @param {{ slug: string }} product
 */
export const nextDelivery = (product) => deliveries.find(({ slug }) => slug === product.slug).on
