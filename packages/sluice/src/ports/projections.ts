/** What was folded from the ledger and may be folded again: kept so that a start need not. Losing it loses nothing. */
export interface Projections {
  /** The text that was kept under a name; null when there is none, or it cannot be read. */
  read(name: string): Promise<string | null>
  /** Keeps a text under a name, whole or not at all. */
  keep(name: string, text: string): Promise<void>
}
