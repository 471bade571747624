/** Moments and ages. */
import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { now } from '../live/clock.ts'
import { ageOf, momentOf, timeOf } from '../words.ts'

/** How long ago; the moment itself on hover. */
export const Age = ({ at }: { readonly at: number }): VNode => {
  const text = useComputed(() => ageOf(now.value - at))
  return (
    <time dateTime={new Date(at).toISOString()} title={momentOf(at)}>
      {text}
    </time>
  )
}

/** A moment, as the time of day; the date on hover. */
export const Moment = ({ at }: { readonly at: number }): VNode => (
  <time dateTime={new Date(at).toISOString()} title={momentOf(at)}>
    {timeOf(at)}
  </time>
)

/** How long something takes or took. */
export const Took = ({ from, to }: { readonly from: number; readonly to: number | null }): VNode => {
  const text = useComputed(() => ageOf((to ?? now.value) - from).replace('now', '1 s'))
  return <span>{text}</span>
}
