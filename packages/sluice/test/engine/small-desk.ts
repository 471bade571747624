/** A desk for tests of commands: what it is made of is given, and nobody has objectives, secrets or windows. */
import type { Desk } from '../../src/engine/desk.ts'

const nobody = (): Promise<never> => Promise.reject(new Error('nobody has an objective here'))

/** The desk. */
export const smallDesk = (parts: Pick<Desk, 'loop' | 'reading' | 'clock' | 'ids'>): Desk => ({
  ...parts,
  calendar: { times: () => Promise.reject(new Error('nobody has windows here')) },
  metrics: { measure: nobody },
  secrets: { versions: nobody, values: nobody },
})
