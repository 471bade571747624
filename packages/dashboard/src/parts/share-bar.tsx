/** How the traffic is split, as it is observed. */
import type { VNode } from 'preact'
import { percentOf } from '../../../sluice/src/http/client/words.ts'
import type { ArmView } from '../../../sluice/src/http/client/views.ts'

/** A bar of shares; said in words for who does not see it. */
export const ShareBar = ({
  arms,
}: {
  readonly arms: readonly Pick<ArmView, 'arm' | 'shareBp' | 'release'>[]
}): VNode => {
  const text = arms.map(({ arm, shareBp, release }) => `${arm} ${release.version} ${percentOf(shareBp)}`).join(', ')
  return (
    <div class="shares" role="img" aria-label={`Traffic: ${text === '' ? 'nothing serves' : text}`}>
      {arms.map(({ arm, shareBp, release }) => (
        <span
          key={`${arm} ${release.id}`}
          class={`share ${arm}`}
          // A style of the element's own object model, which the content security policy allows.
          style={{ flexGrow: shareBp, display: shareBp === 0 ? 'none' : undefined }}
        />
      ))}
    </div>
  )
}
