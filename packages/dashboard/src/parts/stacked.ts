/** Tables on narrow screens: each row stands for itself, its cells below each other, as the style sheet says under the same width. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** The style sheet's (`tables.css`, `overview.css`). */
const narrow = '(width < 48rem)'

/** Whether rows are stacked, for who has to know how high they are. */
export const useStacked = (): boolean => {
  const isStacked = useSignal(window.matchMedia(narrow).matches)
  useEffect(() => {
    const query = window.matchMedia(narrow)
    const take = (): void => {
      isStacked.value = query.matches
    }
    query.addEventListener('change', take)
    return () => query.removeEventListener('change', take)
  }, [])
  return isStacked.value
}
