/** An invariant that did not hold: what the simulators look for. */
export class Breach extends Error {
  override readonly name = 'Breach'
}

/** Throws a Breach with `sentence` unless `condition` holds. */
export function demand(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Breach(sentence)
}
