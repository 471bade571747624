/**
 * What a row of the ledger has to tell, if anything: at most one notice, made of nothing but the row, the states around it, the releases that it speaks of and the config. The same row makes the same
 * notice whenever it is asked, so that nothing has to be kept of what was already made.
 */
import type { LedgerRow } from '../ledger/entry.ts'
import { limits } from '../limits.ts'
import { unreachable } from '../machine.ts'
import type { Release, ReleaseId } from '../model.ts'
import { isProduction } from '../production.ts'
import type { Draft, Moment } from './draft.ts'
import { environmentDraft, lineDraft, releaseDraft } from './environment-notices.ts'
import { channelDraft, drillDraft, incidentDraft, trainDraft } from './other-notices.ts'
import { rolloutDraft } from './rollout-notices.ts'
import { runDraft } from './run-notices.ts'
import { cappedSeverity, severityOf } from './severity.ts'
import { applyTemplate } from './template.ts'
import type { NotifySettings } from './rules.ts'
import type { Notice, NoticeRelease } from './types.ts'

/** What finishes a draft. `service`: that of the config, for what is of no service by itself. */
export type NoticeWorld = {
  readonly releases: ReadonlyMap<ReleaseId, Release>
  /** The newest release: what the environments are, where a notice is of no release. Null when there is none yet. */
  readonly newest: Release | null
  readonly service: string
  readonly settings: Pick<NotifySettings, 'publicUrl' | 'templates'>
}

/** What a row says by itself; null for most of them. */
export const draftOf = (moment: Moment): Draft | null => {
  switch (moment.kind) {
    case 'run':
      return runDraft(moment)
    case 'rollout':
      return rolloutDraft(moment)
    case 'incident':
      return incidentDraft(moment)
    case 'drill':
      return drillDraft(moment)
    case 'train':
      return trainDraft(moment)
    case 'message':
      return channelDraft(moment)
    case 'environment':
      return environmentDraft(moment)
    case 'release':
      return releaseDraft(moment)
    case 'line':
      return lineDraft(moment)
    default:
      return unreachable(moment)
  }
}

/** The releases whose contents finish a draft. */
export const releasesIn = ({ release, stable }: Draft): readonly ReleaseId[] =>
  [release, stable].flatMap((id) => (id === null ? [] : [id]))

/** The notice; null where the releases say that there is none (nobody is asked for an approval). */
export const noticeOf = (row: Pick<LedgerRow, 'seq' | 'at'>, draft: Draft, world: NoticeWorld): Notice | null => {
  const release = draft.release === null ? null : (world.releases.get(draft.release) ?? null)
  const environment = draft.asksAfter === undefined ? draft.environment : asking(release, draft.asksAfter)
  if (draft.asksAfter !== undefined && environment === null) return null
  const say = (id: ReleaseId | null): string => {
    if (id === null) return 'nothing'
    return world.releases.get(id)?.content.version ?? id.slice(0, 'rel_'.length + limits.shortIdLength)
  }
  const isProductive = environment !== null && isOfProduction(environment, release ?? world.newest)
  const place = { environment, isProduction: isProductive }
  const { kind, subject, outcome, reason, actor, commit, path } = draft
  const { publicUrl } = world.settings
  const notice: Notice = {
    id: String(row.seq),
    kind,
    severity: cappedSeverity(draft.severity ?? severityOf[kind], place),
    at: row.at,
    subject,
    outcome,
    service: draft.service ?? release?.content.service ?? world.service,
    ...place,
    title: bounded(draft.title(say), limits.noticeTitleCharactersMax),
    facts: draft.facts(say).map(({ name, value }) => ({ name, value: bounded(value, limits.noticeFactCharactersMax) })),
    reason: reason === null ? null : bounded(reason, limits.noticeFactCharactersMax),
    actor,
    release: named(draft.release, world),
    stable: named(draft.stable, world),
    commit: commit ?? release?.content.commit ?? null,
    url: publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}${path}`,
  }
  return applyTemplate(notice, world.settings.templates[kind] ?? null)
}

/** The environment after `before` that wants a yes for the release. */
const asking = (release: Release | null, before: string | null): string | null =>
  release?.content.environments.find(
    ({ after, approvals, governance }) =>
      after === before && (approvals > 0 || (governance?.groups ?? []).some(({ count }) => count > 0)),
  )?.name ?? null

const isOfProduction = (environment: string, release: Release | null): boolean =>
  release === null ? environment === 'production' : isProduction(release, environment)

const named = (id: ReleaseId | null, { releases }: NoticeWorld): NoticeRelease | null => {
  const content = id === null ? undefined : releases.get(id)?.content
  return id === null || content === undefined ? null : { id, version: content.version, commit: content.commit }
}

const bounded = (text: string, max: number): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`
}
