/** Finding a thing by a part of its name: pages, releases, rollouts, runs, environments. */
import { type Signal, signal, useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { type Found, matching } from './find.ts'
import { useAnswer } from './live/store.ts'
import { environmentsQuestion, releasesQuestion, rolloutsQuestion, runsQuestion } from './questions.ts'
import { places } from './places.ts'

/** Whether it is open. */
export const isFinderOpen: Signal<boolean> = signal(false)

const shownMax = 12
const lookedAt = 100

/** The dialog. */
export const Finder = (): VNode | null => (isFinderOpen.value ? <Open /> : null)

const useAll = (): readonly Found[] => {
  const environments = useAnswer(environmentsQuestion)?.data.value ?? null
  const releases = useAnswer(releasesQuestion(lookedAt))?.data.value ?? null
  const rollouts = useAnswer(rolloutsQuestion(lookedAt))?.data.value ?? null
  const runs = useAnswer(runsQuestion(lookedAt))?.data.value ?? null
  return useMemo(
    () => [
      ...places.map(({ text, href }) => ({ text, about: 'page', href })),
      ...(environments?.environments ?? []).map(({ service, name }) => ({
        text: name,
        about: `environment of ${service}`,
        href: `/environments/${name}`,
      })),
      ...(releases?.items ?? []).map(({ id, version, commit }) => ({
        text: version,
        about: `release · ${commit.subject}`,
        href: `/releases/${id}`,
      })),
      ...(rollouts?.items ?? []).map(({ id, environment, to }) => ({
        text: id,
        about: `rollout · ${to.version} → ${environment}`,
        href: `/rollouts/${id}`,
      })),
      ...(runs?.items ?? []).map(({ id, commit }) => ({
        text: id,
        about: `run · ${commit.subject}`,
        href: `/runs/${id}`,
      })),
    ],
    [environments, releases, rollouts, runs],
  )
}

const Open = (): VNode => {
  const { route } = useLocation()
  const dialog = useRef<HTMLDialogElement>(null)
  const typed = useSignal('')
  const at = useSignal(0)
  const found = matching(useAll(), typed.value, shownMax)
  useEffect(() => dialog.current?.showModal(), [])
  const close = (): void => {
    isFinderOpen.value = false
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    at.value = Math.min(found.length - 1, Math.max(0, at.value + (event.key === 'ArrowDown' ? 1 : -1)))
  }
  const go = (event: Event): void => {
    event.preventDefault()
    const one = found[at.value]
    if (one === undefined) return
    close()
    route(one.href)
  }
  return (
    <dialog ref={dialog} class="finder" aria-label="Find" onClose={close}>
      <form onSubmit={go}>
        <input
          type="search"
          aria-label="Find a release, rollout, run or page"
          placeholder="Find a release, rollout, run, page"
          role="combobox"
          list={undefined}
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found.length === 0 ? undefined : `found-${at.value}`}
          value={typed.value}
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value
            at.value = 0
          }}
          onKeyDown={press}
        />
      </form>
      <ul id="found" role="listbox" aria-label="Found">
        {found.map(({ text, about, href }, index) => (
          <li
            key={href}
            role="option"
            id={`found-${index}`}
            aria-selected={index === at.value}
            onClick={() => {
              close()
              route(href)
            }}
          >
            <b>{text}</b> <span>{about}</span>
          </li>
        ))}
      </ul>
      <p class="note" role="status">
        {found.length === 0
          ? `Nothing among the pages, environments and the last ${lookedAt} releases, rollouts and runs holds “${typed.value}”.`
          : `Looked through: pages, environments, the last ${lookedAt} releases, rollouts and runs`}
      </p>
    </dialog>
  )
}
