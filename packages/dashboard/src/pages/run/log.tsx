/** A job's log: every line from the first on, found by text, named by number, followed while it grows. */
import { batch, type Signal, useSignal } from '@preact/signals'
import type { RefObject, VNode } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { LogLineView } from '../../../../sluice/src/http/client/run-views.ts'
import { Trouble } from '../../parts/cause.tsx'
import { useSight } from '../../parts/window-rows.ts'
import { momentOf, numberOf, timeOf } from '../../words.ts'
import { spansOf } from './ansi.ts'
import { type LogLines, type LogOf, openLog, searchLines } from './log-lines.ts'

/** Height of a line, pixels; the style sheet has the same. */
const linePx = 20
/** How near to the end one has to be to be taken along, pixels. */
const nearPx = 40
/** Longest line that is made whole, characters; the rest is a download away. */
const shownCharacters = 4_000

type Find = { readonly typed: string; readonly found: readonly number[]; readonly at: number }

/** The log of one execution of a job. */
export const JobLog = ({ of, isOver }: { readonly of: LogOf; readonly isOver: boolean }): VNode => {
  const { run, job, execution } = of
  const log = useMemo(() => openLog(of), [run, job, execution])
  useEffect(() => () => log.close(), [log])
  useEffect(() => log.setOpen(isOver ? 'over' : 'open'), [log, isOver])
  const follows = useSignal(!isOver && lineOfHash() === null)
  const chosen = useSignal(lineOfHash())
  const times = useSignal(false)
  const find = useSignal<Find>({ typed: '', found: [], at: 0 })
  const box = useRef<HTMLDivElement>(null)
  const count = log.count.value
  const goTo = (index: number): void => {
    const { current } = box
    if (current === null) return
    follows.value = false
    current.scrollTop = Math.max(0, index * linePx - current.clientHeight / 3)
  }
  useEffect(() => {
    const { typed } = find.value
    if (typed !== '') find.value = { ...find.value, found: searchLines(log.lines, typed) }
    if (chosen.value !== null && count >= chosen.value && !isSought.current) {
      isSought.current = true
      goTo(chosen.value - 1)
    }
  }, [count])
  const isSought = useRef(false)
  return (
    <div class="log">
      <LogBar log={log} of={of} find={find} follows={follows} times={times} goTo={goTo} isOver={isOver} />
      {log.error.value !== null && <Trouble error={log.error.value} what="The log cannot be read at the moment" />}
      <Lines log={log} box={box} find={find} follows={follows} chosen={chosen} showsTimes={times.value} />
    </div>
  )
}

/** The number in `#L123`. */
const lineOfHash = (): number | null => {
  const found = /^#L(\d{1,9})$/.exec(window.location.hash)?.[1]
  return found === undefined ? null : Number(found)
}

type BarProps = {
  readonly log: LogLines
  readonly of: LogOf
  readonly find: Signal<Find>
  readonly follows: Signal<boolean>
  readonly times: Signal<boolean>
  readonly goTo: (index: number) => void
  readonly isOver: boolean
}

const LogBar = ({ log, of, find, follows, times, goTo, isOver }: BarProps): VNode => {
  const { typed, found, at } = find.value
  const type = (text: string): void => {
    const now = searchLines(log.lines, text)
    find.value = { typed: text, found: now, at: 0 }
    if (now[0] !== undefined) goTo(now[0])
  }
  const step = (by: number): void => {
    if (found.length === 0) return
    const next = (at + by + found.length) % found.length
    find.value = { typed, found, at: next }
    goTo(found[next] ?? 0)
  }
  return (
    <div class="log-bar" role="toolbar" aria-label="Log">
      <input
        type="search"
        data-search
        aria-label="Search the log"
        placeholder="Search the log"
        value={typed}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
        }}
      />
      <span class="hits" role="status">
        {typed === '' ? '' : found.length === 0 ? 'none' : `${numberOf(at + 1)} of ${numberOf(found.length)}`}
      </span>
      <button type="button" class="quiet" disabled={found.length === 0} onClick={() => step(-1)} aria-label="Previous">
        ↑
      </button>
      <button type="button" class="quiet" disabled={found.length === 0} onClick={() => step(1)} aria-label="Next">
        ↓
      </button>
      <Sections log={log} goTo={goTo} />
      <span class="grow" />
      <span class="none" role="status">
        {numberOf(log.count.value)} lines{log.isFilled.value ? '' : ', reading'}
      </span>
      <label class="check">
        <input type="checkbox" checked={times.value} onChange={() => (times.value = !times.value)} />
        Times
      </label>
      {!isOver && (
        <label class="check">
          <input type="checkbox" checked={follows.value} onChange={() => (follows.value = !follows.value)} />
          Follow
        </label>
      )}
      <button type="button" class="quiet" onClick={() => download(log, of)}>
        Download
      </button>
    </div>
  )
}

/** The steps of the job as ways into its log. */
const Sections = ({ log, goTo }: { readonly log: LogLines; readonly goTo: (index: number) => void }): VNode | null => {
  const steps = log.folds.value.filter(({ depth, kind }) => depth === 0 && kind === 'step')
  if (steps.length < 2) return null
  return (
    <select
      aria-label="Go to step"
      onChange={({ currentTarget }) => goTo(steps[Number(currentTarget.value)]?.from ?? 0)}
    >
      {steps.map(({ name, outcome }, index) => (
        <option key={`${index} ${name}`} value={index}>
          {outcome === 'failed' ? `✗ ${name}` : name}
        </option>
      ))}
    </select>
  )
}

const download = ({ lines }: LogLines, { run, job }: LogOf): void => {
  const text = lines.map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`)
  const url = URL.createObjectURL(new Blob(text, { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${run}-${job}.log`
  link.click()
  URL.revokeObjectURL(url)
}

type LinesProps = {
  readonly log: LogLines
  readonly box: RefObject<HTMLDivElement | null>
  readonly find: Signal<Find>
  readonly follows: Signal<boolean>
  readonly chosen: Signal<number | null>
  readonly showsTimes: boolean
}

const Lines = ({ log, box, find, follows, chosen, showsTimes }: LinesProps): VNode => {
  const list = useRef<HTMLDivElement>(null)
  const count = log.count.value
  const { from, to, above, below } = useSight(count, linePx, { list, scroller: box })
  useLayoutEffect(() => {
    if (follows.value && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [count, follows.value])
  const scrolled = (): void => {
    const { current } = box
    if (current === null || !follows.value) return
    if (current.scrollHeight - current.scrollTop - current.clientHeight > nearPx * 4) follows.value = false
  }
  const choose = (number: number): void => {
    batch(() => {
      chosen.value = number
      follows.value = false
    })
    window.history.replaceState(null, '', `#L${number}`)
  }
  const { typed, found, at } = find.value
  const current = found[at]
  return (
    <div
      ref={box}
      class="log-lines"
      role="log"
      aria-live="off"
      aria-label="Lines of the log"
      tabIndex={0}
      onScroll={scrolled}
    >
      {count === 0 && log.isFilled.value && <p class="none">Nothing was written yet.</p>}
      <div ref={list} style={{ paddingTop: `${above}px`, paddingBottom: `${below}px` }}>
        {log.lines.slice(from, to).map((line, index) => (
          <Line
            key={line.number}
            line={line}
            typed={typed}
            isChosen={line.number === chosen.value}
            isFound={from + index === current}
            showsTime={showsTimes}
            choose={choose}
          />
        ))}
      </div>
    </div>
  )
}

type LineProps = {
  readonly line: LogLineView
  readonly typed: string
  readonly isChosen: boolean
  readonly isFound: boolean
  readonly showsTime: boolean
  readonly choose: (number: number) => void
}

const Line = ({ line, typed, isChosen, isFound, showsTime, choose }: LineProps): VNode => {
  const { number, at, stream, text } = line
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text
  return (
    <div class={`line ${stream} ${isChosen ? 'chosen' : ''} ${isFound ? 'found' : ''}`}>
      <a
        href={`#L${number}`}
        title={momentOf(at)}
        onClick={(event) => {
          event.preventDefault()
          choose(number)
        }}
      >
        {number}
      </a>
      {showsTime && <time>{timeOf(at)}</time>}
      <span>
        {spansOf(shown).map(({ text, look }, index) => (
          <span key={index} class={look}>
            {typed === '' ? text : marked(text, typed)}
          </span>
        ))}
      </span>
    </div>
  )
}

const marked = (text: string, typed: string): readonly (string | VNode)[] => {
  const parts: (string | VNode)[] = []
  const lower = text.toLowerCase()
  const wanted = typed.toLowerCase()
  let at = 0
  for (let hit = lower.indexOf(wanted); hit >= 0; hit = lower.indexOf(wanted, at)) {
    parts.push(text.slice(at, hit), <mark>{text.slice(hit, hit + wanted.length)}</mark>)
    at = hit + wanted.length
  }
  parts.push(text.slice(at))
  return parts
}
