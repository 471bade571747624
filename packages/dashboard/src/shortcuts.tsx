/** Keys. None of them changes anything; they only go somewhere. They can be turned off (WCAG 2.1.4). */
import { signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { isFinderOpen } from './finder.tsx'
import { places } from './places.ts'

const offKey = 'sluice.keys'
const isHelpOpen = signal(false)
const areOn = signal(true)

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** How long after `g` the next key counts, milliseconds. */
const chordMs = 1_500

/** Listens for keys as long as it is shown. */
export const Shortcuts = (): null => {
  const { route } = useLocation()
  useEffect(() => {
    areOn.value = localStorage.getItem(offKey) !== 'off'
    let chordUntil = 0
    const press = (event: KeyboardEvent): void => {
      const isCommand = event.metaKey || event.ctrlKey
      if (isCommand && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        isFinderOpen.value = true
        return
      }
      if (!areOn.value || isCommand || event.altKey || isTyping(event.target) || isDialogOpen()) return
      if (performance.now() < chordUntil) {
        chordUntil = 0
        const place = places.find(({ key }) => key === event.key)
        if (place !== undefined) route(place.href)
        return
      }
      if (event.key === 'g') chordUntil = performance.now() + chordMs
      else if (event.key === '/') open(event)
      else if (event.key === '?') isHelpOpen.value = true
      else if (event.key === 'j' || event.key === 'k') move(event.key === 'j' ? 1 : -1)
    }
    const open = (event: KeyboardEvent): void => {
      event.preventDefault()
      // A page with a search of its own has the key.
      const own = document.querySelector<HTMLInputElement>('input[data-search]')
      if (own === null) isFinderOpen.value = true
      else own.focus()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  return null
}

const isDialogOpen = (): boolean => document.querySelector('dialog[open]') !== null

/** To the next or previous row that leads somewhere. */
const move = (by: number): void => {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  if (rows.length === 0) return
  const at = rows.findIndex((row) => row === document.activeElement)
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus()
}

/** The list of keys, opened by `?`. */
export const KeyHelp = (): VNode | null => {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOpen = isHelpOpen.value
  useEffect(() => {
    if (isOpen) dialog.current?.showModal()
  }, [isOpen])
  if (!isOpen) return null
  const close = (): void => {
    isHelpOpen.value = false
  }
  return (
    <dialog ref={dialog} class="deed" aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        <div>
          <dt>
            <kbd>/</kbd> or <kbd>Ctrl K</kbd>
          </dt>
          <dd>Find</dd>
        </div>
        <div>
          <dt>
            <kbd>j</kbd> <kbd>k</kbd> <kbd>Enter</kbd>
          </dt>
          <dd>Next row, previous row, open it</dd>
        </div>
        {places.map(({ text, key }) => (
          <div key={key}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={areOn.value}
          onChange={({ currentTarget }) => {
            areOn.value = currentTarget.checked
            localStorage.setItem(offKey, currentTarget.checked ? 'on' : 'off')
          }}
        />
        Single keys are on
      </label>
      <footer>
        <button type="button" class="button plain" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </footer>
    </dialog>
  )
}
