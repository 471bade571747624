import type { OutsideSpec, OutsideState } from './types.ts'

/** Who is to be asked at this look: names of metrics, and whether the external judge is. */
export type DueQuestions = { readonly metrics: readonly string[]; readonly external: boolean }

/** What is due at `now`: what was never asked, and what was asked an interval ago. A judge that said `complete` is not asked again. */
export const dueQuestions = (state: OutsideState | undefined, spec: OutsideSpec, now: number): DueQuestions => {
  const isDue = (askedAt: number | undefined, intervalMs: number): boolean =>
    askedAt === undefined || askedAt === 0 || Math.abs(now - askedAt) >= intervalMs
  const { metrics, externalJudge } = spec
  const external = state?.external ?? null
  return {
    metrics: (metrics?.metrics ?? []).flatMap(({ name }) => {
      const known = state?.metrics.find(({ metric }) => metric === name)
      return isDue(known?.askedAt, metrics?.intervalMs ?? 0) ? [name] : []
    }),
    external:
      externalJudge !== undefined &&
      external?.answer?.directive !== 'complete' &&
      isDue(external?.askedAt, externalJudge.intervalMs),
  }
}
