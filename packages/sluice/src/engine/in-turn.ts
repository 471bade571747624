/** Doing one thing after the other, where they are about the same. */

/** Does work of one name after the other, and of different names side by side. */
export type InTurn = <Answer>(name: string, work: () => Promise<Answer>) => Promise<Answer>

/** Turns by name; what fails keeps nobody waiting. */
export const inTurnByName = (): InTurn => {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const turn = (last.get(name) ?? Promise.resolve()).then(work)
    const over = turn.then(
      () => {},
      () => {},
    )
    last.set(name, over)
    void over.then(() => {
      if (last.get(name) === over) last.delete(name)
    })
    return turn
  }
}
