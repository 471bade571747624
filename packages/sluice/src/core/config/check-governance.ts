/** Rules of the config about policies that hold between keys. */
import type { ConfigIssue } from './issues.ts'
import { type Distance, nearest } from './nearest.ts'
import type { Settings } from './settings.ts'

/** A policy that holds nowhere, or asks for what cannot be, would never do what somebody wrote it for. */
export const policyIssues = (
  settings: Settings,
  after: ReadonlyMap<string, string | null>,
  distance: Distance,
): readonly ConfigIssue[] => {
  const known = [...after.keys()]
  return Object.entries(settings.policies).flatMap(([name, { environments, rules, windows }]) => [
    ...emptyIssues(name, Object.keys(rules).length + windows.length),
    ...(environments ?? []).flatMap((environment, index): readonly ConfigIssue[] => {
      if (after.has(environment)) return []
      const near = nearest(environment, known, distance)
      const fix = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`
      const path = ['policies', name, 'environments', index]
      return [{ path, message: `there is no environment "${environment}"`, fix }]
    }),
    ...(rules.slo === undefined ? [] : sourceIssues(settings, name, environments ?? known)),
    ...beforeIssues(
      name,
      (environments ?? known).filter(
        (one) => after.get(one) === null && (rules.soakMs !== undefined || rules.verified === true),
      ),
    ),
  ])
}

const emptyIssues = (name: string, parts: number): readonly ConfigIssue[] =>
  parts > 0
    ? []
    : [
        {
          path: ['policies', name],
          message: 'expected at least one of gates, verified, soak, who, windows, errorBudget and slo',
          fix: null,
        },
      ]

/** Nobody would measure it, and so nothing could ever come. */
const sourceIssues = ({ environments }: Settings, name: string, places: readonly string[]): readonly ConfigIssue[] =>
  places
    .filter((place) => environments[place] !== undefined && environments[place].metrics === undefined)
    .map((place) => ({
      path: ['policies', name, 'slo'],
      message: `"${place}" has no metric source that its objective could be measured by`,
      fix: `Set metrics of "${place}", or name the environments for which the policy holds.`,
    }))

const beforeIssues = (name: string, first: readonly string[]): readonly ConfigIssue[] =>
  first.map((environment) => ({
    path: ['policies', name],
    message: `nothing comes before "${environment}", so that no release can soak or be verified before it`,
    fix: 'Name the environments for which it holds.',
  }))
