/**
 * Root finding as R's `uniroot` and Kayenta do it: Brent's method ("Algorithms for Minimization without Derivatives", 1973, chapter 4) with an
 * absolute tolerance of 1e-4. The tolerance is in the metric's own unit, which is why Kayenta's verdict changes with the unit of a small metric.
 */

const toleranceOfKayenta = 1e-4
const epsilon = 2.220446049250313e-16
const iterationsMax = 1001

/** An interval, and the function's values at its ends. */
export type Bracket = {
  readonly low: number
  readonly high: number
  readonly atLow: number
  readonly atHigh: number
}

type Point = { readonly x: number; readonly y: number }

/** Where `f` is zero between the ends, to Kayenta's tolerance. An end at which it is zero is the answer. */
export const findRoot = (f: (x: number) => number, { low, high, atLow, atHigh }: Bracket): number => {
  if (atLow === 0) return low
  if (atHigh === 0) return high
  let previous: Point = { x: low, y: atLow }
  let best: Point = { x: high, y: atHigh }
  let opposite: Point = previous
  for (let left = iterationsMax; left > 0; left -= 1) {
    const lastStep = best.x - previous.x
    if (Math.abs(opposite.y) < Math.abs(best.y)) {
      previous = best
      best = opposite
      opposite = previous
    }
    const tolerance = 2 * epsilon * Math.abs(best.x) + toleranceOfKayenta / 2
    const half = (opposite.x - best.x) / 2
    if (Math.abs(half) <= tolerance || best.y === 0) return best.x
    const wanted = isTrusted({ lastStep, tolerance }, previous, best)
      ? interpolated({ previous, best, opposite }, { half, lastStep, tolerance })
      : half
    const step = Math.abs(wanted) < tolerance ? (wanted > 0 ? tolerance : -tolerance) : wanted
    previous = best
    best = { x: best.x + step, y: f(best.x + step) }
    if ((best.y > 0 && opposite.y > 0) || (best.y < 0 && opposite.y < 0)) opposite = previous
  }
  return best.x
}

type Progress = { readonly lastStep: number; readonly tolerance: number }

const isTrusted = ({ lastStep, tolerance }: Progress, previous: Point, best: Point): boolean =>
  Math.abs(lastStep) >= tolerance && Math.abs(previous.y) > Math.abs(best.y)

/** The step by a line through two points or a parabola through three; half the interval where that leads too far. */
const interpolated = (
  { previous, best, opposite }: { readonly previous: Point; readonly best: Point; readonly opposite: Point },
  { half, lastStep, tolerance }: Progress & { readonly half: number },
): number => {
  const width = opposite.x - best.x
  const s = best.y / previous.y
  let p = width * s
  let q = 1 - s
  if (previous.x !== opposite.x) {
    const r = previous.y / opposite.y
    const t = best.y / opposite.y
    p = s * (width * r * (r - t) - (best.x - previous.x) * (t - 1))
    q = (r - 1) * (t - 1) * (s - 1)
  }
  if (p > 0) q = -q
  else p = -p
  const isInside = p < 0.75 * width * q - Math.abs(tolerance * q) / 2 && p < Math.abs((lastStep * q) / 2)
  return isInside ? p / q : half
}
