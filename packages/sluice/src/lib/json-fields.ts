/** The fields of what may be an object of JSON. */

/** The fields; none where it is no object. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

/** The fields of a text; none where it is no JSON, or no object. */
export const fieldsOfText = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}
