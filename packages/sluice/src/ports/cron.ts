/** Reads cron expressions of five fields, in UTC. */
export interface Cron {
  /** The first time after `after` (epoch ms) that an expression names; null when there is none, or it is no expression. */
  next(expression: string, after: number): number | null
}
