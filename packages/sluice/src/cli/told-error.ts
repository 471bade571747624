/** An error with the state of the environment that it is about, as it was observed afterwards. */
export class ToldError extends Error {
  readonly error: unknown
  readonly now: string

  constructor(error: unknown, now: string) {
    super('an error with the state after it')
    this.error = error
    this.now = now
  }
}
