/** Which rows of a long list are in sight: only those are made, so that a hundred thousand scroll as smoothly as fifty. */
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect } from 'preact/hooks'
import { type Sight, sightOf } from './sight.ts'

/** Rows that are made beyond both ends of what is seen. */
const extraRows = 8

/** The rows in sight of a list that scrolls in `scroller`, or in the window when that is null. */
export const useSight = (
  count: number,
  rowPx: number,
  {
    list,
    scroller,
  }: { readonly list: RefObject<HTMLElement | null>; readonly scroller: RefObject<HTMLElement | null> | null },
): Sight => {
  // As high as the window, so that the first look rarely finds that more is in sight.
  const place = useSignal({ top: 0, heightPx: window.innerHeight + rowPx * 4 })
  const look = (): void => {
    const box = scroller?.current ?? null
    const top =
      box === null ? -(list.current?.getBoundingClientRect().top ?? 0) : box.scrollTop - (list.current?.offsetTop ?? 0)
    const heightPx = box === null ? window.innerHeight : box.clientHeight
    const snapped = Math.floor(Math.max(0, top) / (rowPx * 4)) * rowPx * 4
    const { value } = place
    if (value.top !== snapped || value.heightPx !== heightPx + rowPx * 4)
      place.value = { top: snapped, heightPx: heightPx + rowPx * 4 }
  }
  useLayoutEffect(look)
  useEffect(() => {
    const target: EventTarget = scroller?.current ?? window
    target.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      target.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  }, [rowPx])
  return sightOf(count, { rowPx, ...place.value, extra: extraRows })
}
