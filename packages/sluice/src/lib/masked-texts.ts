/** Texts that are kept beside a log, held against its secrets. */
import { mask, Masker, type MaskSet, maskText } from './mask.ts'

/** Shorter than any value that is masked. */
const harmlessBytes = 3

/** Whether a text holds any form of a secret. */
export const holdsSecret = (masks: MaskSet, text: string): boolean => maskText(masks, text) !== text.toWellFormed()

/** A text whose end was cut off before it came here, masked: what may be the beginning of a secret at the cut is masked with the rest. */
export const maskBeginning = (masks: MaskSet, text: string): string => {
  const masker = new Masker(masks)
  const known = masker.push(Buffer.from(text, 'utf8')).toString('utf8')
  const held = masker.end()
  return known + (held.length <= harmlessBytes ? held.toString('utf8') : mask)
}
