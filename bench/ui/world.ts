/** Answers of an installation far larger than one machine holds: the form is the API's own, the contents are made up for the measurement. */
import type { EnvironmentsView, EnvironmentView } from '../../packages/sluice/src/http/client/environment-views.ts'

const names = ['development', 'staging', 'canary', 'production'] as const

/** Some services in four environments each; every tenth has a rollout under way in the last. */
export const largeOverview = (services: number, like: EnvironmentView): EnvironmentsView => ({
  service: like.service,
  now: Date.now(),
  line: { status: 'running', by: null, at: null, reason: null, rollouts: [] },
  environments: Array.from({ length: services }, (_, index) => index).flatMap((index) =>
    names.map((name, place): EnvironmentView => ({
      ...like,
      service: `service-${String(index).padStart(3, '0')}`,
      name,
      after: names[place - 1] ?? null,
    })),
  ),
})
