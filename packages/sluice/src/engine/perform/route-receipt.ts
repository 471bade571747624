/** What a data plane shows, held against what was asked of it. */
import { SluiceError } from '../../core/errors.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { Route, RouteObservation } from '../../core/routing.ts'

/** The receipt: what the data plane shows is what was asked (shares, rules, mirror and preview address), or the shift did not happen. */
export const confirm = (asked: Route, { route, trip }: RouteObservation): void => {
  if (trip !== null && trip.rollout === asked.tripwire?.rollout) {
    throw new SluiceError('gateway_tripped', { detail: `the tripwire cut ${trip.rollout} at ${trip.shareBp / 100} %` })
  }
  for (const words of [sharesOf, rulesOf, mirrorOf, previewOf]) {
    if (words(asked) === words(route)) continue
    throw new SluiceError('route_unconfirmed', {
      detail: `asked for ${words(asked) || 'nothing'}, the data plane shows ${words(route) || 'nothing'}`,
    })
  }
}

/** Whether requests may reach a release by this route: by its share, by a rule that names its arm, at the preview address, or as copies. */
export const hasTraffic = ({ arms, rules = [], mirror, preview }: Route, release: ReleaseId): boolean =>
  mirror?.release === release ||
  arms.some(
    ({ release: own, name, shareBp }) =>
      own === release &&
      (shareBp > 0 || rules.some(({ arm }) => arm === name) || (preview !== undefined && name === 'candidate')),
  )

const sharesOf = ({ arms }: Route): string => arms.map(({ release, shareBp }) => `${release}:${shareBp}`).join(' ')

const rulesOf = ({ rules = [] }: Route): string =>
  rules
    .map(({ arm, all }) => {
      const parts = all.map(
        ({ kind, name, value }) => `${kind} ${name} ${value?.kind ?? 'is there'} ${value?.text ?? ''}`,
      )
      return `${parts.join(' and ').trimEnd()} to ${arm}`
    })
    .join('; ')

const mirrorOf = ({ mirror }: Route): string =>
  mirror === undefined ? '' : `a mirror of ${mirror.shareBp / 100} % to ${mirror.release}`

const previewOf = ({ preview }: Route): string =>
  preview === undefined ? '' : `the candidate alone on ${preview.host}:${preview.port}`
