/** What packages say about their licence, as SPDX expressions. */
import { listOf, recordOf, textOf } from './documents.ts'

/**
 * Loads the function that makes an expression of a package.json's `license` (or the older `licenses`): as it is where it is valid, corrected where SPDX's own list of
 * spellings knows it, null for anything else (`SEE LICENSE IN …`, `UNLICENSED`).
 */
export const expressionOf = async (): Promise<(value: unknown) => string | null> => {
  const [{ default: parse }, { default: correct }] = await Promise.all([
    import('spdx-expression-parse'),
    import('spdx-correct'),
  ])
  const isValid = (text: string): boolean => {
    try {
      parse(text)
      return true
    } catch {
      return false
    }
  }
  const one = (value: unknown): string | null => {
    const text = textOf(value) ?? textOf(recordOf(value)['type'])
    if (text === null || text.trim() === '' || /^(?:see licen[cs]e|unlicensed$)/i.test(text)) return null
    return isValid(text) ? text : correct(text, { upgrade: false })
  }
  return (value) => {
    if (!Array.isArray(value)) return one(value)
    const all = listOf(value).map(one)
    return all.length === 0 || all.includes(null) ? null : `(${all.join(' OR ')})`
  }
}
