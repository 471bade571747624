/** Where the ledger ends. The API gives rows after a number; its last number is found by asking for ever narrower ones. */

/** Whether there is a row after a number. */
export type HasAfter = (seq: number) => Promise<boolean>

/** Farthest that is looked, rows. */
const seqMax = 2 ** 40

/** The number of the last row; 0 of an empty ledger. Asks some 2·log₂ of it times. */
export const headOf = async (hasAfter: HasAfter): Promise<number> => {
  if (!(await hasAfter(0))) return 0
  let beyond = 1
  while (beyond < seqMax && (await hasAfter(beyond))) beyond *= 2
  let before = Math.floor(beyond / 2)
  while (beyond - before > 1) {
    const middle = Math.floor((before + beyond) / 2)
    if (await hasAfter(middle)) before = middle
    else beyond = middle
  }
  return beyond
}
