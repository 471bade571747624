/**
 * The environment, read once and checked. A value that is missing or off stops the start with one sentence for each,
 * because a shop with the wrong tax is worse than a shop that does not start.
 */

/**
 * @typedef {object} Env
 * @property {string} host where to listen
 * @property {number} port 0 takes any free port
 * @property {string} storeName
 * @property {number} taxPercent included in every price
 * @property {number} freeShippingFromCents
 * @property {number} shutdownGraceMs how long requests in flight may take once SIGTERM has come
 * @property {'json' | 'silent'} log
 */

const whole = (min, max) => (text) => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) throw new Error(`a whole number from ${min} to ${max}`)
  return value
}

const text = (value) => {
  if (value.trim() === '') throw new Error('a text that is not empty')
  return value
}

const oneOf =
  (...choices) =>
  (value) => {
    if (!choices.includes(value)) throw new Error(`one of ${choices.join(', ')}`)
    return value
  }

const schema = {
  host: { name: 'HOST', read: text, fallback: '127.0.0.1' },
  port: { name: 'PORT', read: whole(0, 65_535), fallback: '3000' },
  storeName: { name: 'STORE_NAME', read: text, fallback: 'Spoke & Chain' },
  taxPercent: { name: 'TAX_PERCENT', read: whole(0, 50), fallback: '19' },
  freeShippingFromCents: { name: 'FREE_SHIPPING_FROM_CENTS', read: whole(0, 10_000_000), fallback: '10000' },
  shutdownGraceMs: { name: 'SHUTDOWN_GRACE_MS', read: whole(0, 600_000), fallback: '10000' },
  log: { name: 'LOG', read: oneOf('json', 'silent'), fallback: 'json' },
}

/**
 * @param {Record<string, string | undefined>} source usually `process.env`
 * @returns {Env}
 * @throws {Error} naming every variable that is off
 */
export const readEnv = (source) => {
  const env = {}
  const problems = []
  for (const [key, { name, read, fallback }] of Object.entries(schema)) {
    const value = source[name] ?? fallback
    try {
      env[key] = read(value)
    } catch (error) {
      problems.push(`${name}=${JSON.stringify(value)} must be ${error.message}`)
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return env
}
