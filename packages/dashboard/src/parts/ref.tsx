/** Links to the things that everything is about. */
import type { VNode } from 'preact'
import type { Commit } from '../../../sluice/src/core/model.ts'
import type { ReleaseRef } from '../../../sluice/src/http/client/views.ts'

/** A release by its version. */
export const ReleaseLink = ({ release }: { readonly release: ReleaseRef }): VNode => (
  <a class="release" href={`/releases/${release.id}`} title={release.id}>
    {release.version}
  </a>
)

/** A commit: seven characters and what its author wrote. */
export const CommitLine = ({ commit }: { readonly commit: Commit }): VNode => (
  <span class="commit" title={`${commit.id}\n${commit.author}`}>
    <code>{commit.id.slice(0, 7)}</code> {commit.subject}
  </span>
)

/** A rollout. */
export const RolloutLink = ({ id }: { readonly id: string }): VNode => (
  <a class="id" href={`/rollouts/${id}`}>
    {id}
  </a>
)

/** A run. */
export const RunLink = ({ id }: { readonly id: string }): VNode => (
  <a class="id" href={`/runs/${id}`}>
    {id}
  </a>
)

/** What can be looked at elsewhere; text, where nobody said where. */
export const ElsewhereLink = ({ title, url }: { readonly title: string; readonly url: string | null }): VNode =>
  url === null ? (
    <span>{title}</span>
  ) : (
    <a href={url} rel="noreferrer noopener" target="_blank">
      {title}
    </a>
  )

/** Where something moves: from one release to the next. */
export const Move = ({ from, to }: { readonly from: ReleaseRef | null; readonly to: ReleaseRef }): VNode => (
  <span class="move">
    {from === null ? <span class="none">nothing</span> : <ReleaseLink release={from} />}
    <span aria-label="to"> → </span>
    <ReleaseLink release={to} />
  </span>
)
