/** Why something ended as it did: first on its page, in one sentence with the values. */
import type { ComponentChildren, VNode } from 'preact'
import type { CauseView } from '../../../sluice/src/http/client/views.ts'
import type { SluiceError } from '../../../sluice/src/core/errors.ts'
import { publicCode } from '../../../sluice/src/core/errors.ts'
import type { Tone } from '../words.ts'

/** A cause with its evidence. */
export const Cause = ({
  cause,
  title,
  tone = 'bad',
  children,
}: {
  readonly cause: CauseView
  readonly title: string
  readonly tone?: Tone
  readonly children?: ComponentChildren
}): VNode => (
  <section class={`cause ${tone}`} aria-label={title}>
    <h2>{title}</h2>
    <p>
      {cause.text}
      {cause.code !== null && <code class="code">{cause.code}</code>}
    </p>
    {cause.evidence.length > 0 && (
      <pre tabIndex={0} aria-label="Evidence">
        {cause.evidence.join('\n')}
      </pre>
    )}
    {children}
  </section>
)

/** What the control plane answered instead. */
export const Trouble = ({ error, what }: { readonly error: SluiceError; readonly what: string }): VNode => (
  <section class="cause warn" role="status">
    <h2>{what}</h2>
    <p>
      {error.detail} <code class="code">{publicCode(error.code)}</code>
    </p>
    {error.hint !== null && error.hint !== undefined && (
      <p class="hint">
        Next: <code>{error.hint}</code>
      </p>
    )}
  </section>
)
