/** What every page has: a title, what it is about, and what to say while nothing is known. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Answer } from '../live/store.ts'
import { Trouble } from './cause.tsx'

/** One step of the way to a page. */
export type Crumb = { readonly text: string; readonly href: string }

/** A page. The title is the heading, and the name of the tab. */
export const Page = ({
  title,
  crumbs = [],
  aside,
  below,
  children,
}: {
  readonly title: string
  readonly crumbs?: readonly Crumb[]
  /** Beside the title: states and actions. */
  readonly aside?: ComponentChildren
  /** Below the title: what it is about. */
  readonly below?: ComponentChildren
  readonly children: ComponentChildren
}): VNode => {
  useEffect(() => {
    document.title = `${title} · Sluice`
  }, [title])
  return (
    <div class="page">
      <header class="head">
        {crumbs.length > 0 && (
          <nav class="crumbs" aria-label="Way to this page">
            {crumbs.map(({ text, href }) => (
              <a key={href} href={href}>
                {text}
              </a>
            ))}
          </nav>
        )}
        <div class="title">
          <h1 tabIndex={-1}>{title}</h1>
          {aside}
        </div>
        {below !== undefined && <div class="about">{below}</div>}
      </header>
      {children}
    </div>
  )
}

/** Shows an answer once it is there; an error beside older data says that it is older. */
export const Shown = <Data,>({
  answer,
  what,
  children,
}: {
  readonly answer: Answer<Data> | null
  /** What could not be read, for the sentence that says so. */
  readonly what: string
  readonly children: (data: Data) => ComponentChildren
}): VNode | null => {
  if (answer === null) return null
  const data = answer.data.value
  const error = answer.error.value
  if (data === null) return error === null ? null : <Trouble error={error} what={`${what} could not be read`} />
  const isOld = error !== null && error.code !== 'server_unreachable'
  return (
    <>
      {isOld && <Trouble error={error} what={`${what} could not be read again; this is how it stood before`} />}
      {children(data)}
    </>
  )
}

/** Nothing is there; says what was looked for, and how something gets there. */
export const Empty = ({ children }: { readonly children: ComponentChildren }): VNode => (
  <div class="empty">{children}</div>
)

/** A part of a page with its heading. */
export const Part = ({
  title,
  note,
  children,
  id,
}: {
  readonly title: string
  readonly note?: ComponentChildren
  readonly children: ComponentChildren
  readonly id?: string
}): VNode => (
  <section class="part" id={id}>
    <header>
      <h2>{title}</h2>
      {note !== undefined && <div class="note">{note}</div>}
    </header>
    {children}
  </section>
)

/** Names and values. */
export const Facts = ({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren] | null)[]
}): VNode => (
  <dl class="facts">
    {facts
      .filter((fact) => fact !== null)
      .map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)
