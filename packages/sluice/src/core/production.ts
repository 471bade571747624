/** Which environments serve people who were promised something. */
import type { Release } from './model.ts'

/** The environment called `production`, and the last one of several; of a service with a single environment only its name tells. */
export const isProduction = ({ content }: Pick<Release, 'content'>, environment: string): boolean => {
  const isLast = !content.environments.some(({ after }) => after === environment)
  return environment === 'production' || (isLast && content.environments.length > 1)
}
