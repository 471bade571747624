/** What the shop sells. Prices are whole cents with tax included; `offPercent` is the running discount. */

/**
 * @typedef {object} Product
 * @property {string} slug
 * @property {string} name
 * @property {string} category
 * @property {number} priceCents
 * @property {number} offPercent
 * @property {number} stock
 */

const table = {
  Bikes: [
    ['Gravel bike Karst', 189_900, 0, 6],
    ['Gravel bike Karst, carbon', 329_900, 10, 2],
    ['Road bike Tarn', 219_900, 0, 4],
    ['Road bike Tarn, electronic shifting', 389_900, 0, 3],
    ['City bike Quay', 79_900, 0, 12],
    ['City bike Quay, low step', 84_900, 5, 9],
    ['Touring bike Fell', 154_900, 0, 5],
    ['Folding bike Lock', 109_900, 0, 7],
    ['Mountain bike Scree', 174_900, 15, 3],
    ['Cargo bike Barge', 449_900, 0, 1],
    ["Children's bike Beck, 20 inch", 34_900, 0, 14],
    ["Children's bike Beck, 24 inch", 39_900, 0, 11],
  ],
  Wheels: [
    ['Wheelset 700C, aluminium', 28_900, 0, 10],
    ['Wheelset 700C, carbon', 119_900, 0, 3],
    ['Wheelset 650B', 24_900, 10, 8],
    ['Dynamo wheel', 17_900, 0, 9],
    ['Tyre 28 mm', 3_900, 0, 80],
    ['Tyre 40 mm, tubeless', 5_490, 0, 64],
    ['Inner tube', 690, 0, 300],
    ['Rim tape', 490, 0, 120],
    ['Sealant, 500 ml', 1_990, 0, 45],
    ['Tubeless valves, pair', 1_290, 20, 70],
  ],
  Parts: [
    ['Chain, 11 speed', 2_990, 0, 90],
    ['Chain, 12 speed', 3_990, 0, 75],
    ['Cassette 11–34', 6_990, 0, 33],
    ['Crankset, 46/30', 15_900, 0, 12],
    ['Brake pads, disc', 1_490, 0, 140],
    ['Brake rotor, 160 mm', 2_490, 0, 52],
    ['Saddle, leather', 9_990, 0, 18],
    ['Seatpost, carbon', 12_900, 10, 9],
    ['Handlebar, 44 cm', 4_990, 0, 27],
    ['Bar tape', 1_790, 0, 88],
    ['Pedals, flat', 4_490, 0, 31],
    ['Pedals, clipless', 8_990, 0, 22],
  ],
  Clothing: [
    ['Jersey, merino', 8_490, 0, 40],
    ['Bib shorts', 9_990, 0, 36],
    ['Rain jacket', 14_900, 25, 17],
    ['Gloves', 2_990, 0, 60],
    ['Overshoes', 3_490, 0, 25],
    ['Helmet', 11_900, 0, 30],
    ['Helmet, child', 4_990, 0, 21],
  ],
  Tools: [
    ['Multitool', 2_490, 0, 70],
    ['Mini pump', 3_290, 0, 55],
    ['Track pump', 5_990, 0, 28],
    ['Torque wrench', 8_990, 0, 13],
    ['Work stand', 16_900, 0, 8],
    ['Chain lubricant', 990, 0, 160],
    ['Repair kit', 790, 0, 200],
  ],
}

const slugOf = (name) =>
  name
    .toLowerCase()
    .replaceAll("'", '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

/** @type {readonly Product[]} */
export const products = Object.entries(table).flatMap(([category, rows]) =>
  rows.map(([name, priceCents, offPercent, stock]) =>
    Object.freeze({ slug: slugOf(name), name, category, priceCents, offPercent, stock }),
  ),
)

/** @type {readonly string[]} */
export const categories = Object.keys(table)

const bySlug = new Map(products.map((product) => [product.slug, product]))

/** @param {string} slug @returns {Product | undefined} */
export const findProduct = (slug) => bySlug.get(slug)

/** @param {string} category compared without case @returns {readonly Product[]} */
export const productsIn = (category) =>
  products.filter((product) => product.category.toLowerCase() === category.toLowerCase())

/**
 * Products whose name or category holds every word, cheapest first.
 * @param {string} query
 * @returns {readonly Product[]}
 */
export const searchProducts = (query) => {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return products
    .filter((product) => {
      const text = `${product.name} ${product.category}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .toSorted((a, b) => a.priceCents - b.priceCents)
}
