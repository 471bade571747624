/** Settings: those of this browser, and where those of the service are. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { theme, turnTheme } from '../../live/theme.ts'
import { useAnswer } from '../../live/store.ts'
import { Source } from './source.tsx'
import { Sessions, Tokens, Who } from './access.tsx'
import { Facts, Page, Part } from '../../parts/page.tsx'
import { serverQuestion } from '../../questions.ts'

/** The page. */
export const Settings = (): VNode => {
  const server = useAnswer(serverQuestion)?.data.value ?? null
  const keys = useSignal(true)
  useEffect(() => {
    keys.value = localStorage.getItem('sluice.keys') !== 'off'
  }, [])
  return (
    <Page title="Settings">
      <Part title="This browser">
        <Facts
          facts={[
            [
              'Colours',
              <button type="button" class="button plain" onClick={turnTheme}>
                {{ system: 'as the system', light: 'light', dark: 'dark' }[theme.value]}
              </button>,
            ],
            [
              'Single keys',
              <label class="check">
                <input
                  type="checkbox"
                  checked={keys.value}
                  onChange={({ currentTarget }) => {
                    keys.value = currentTarget.checked
                    localStorage.setItem('sluice.keys', currentTarget.checked ? 'on' : 'off')
                    window.location.reload()
                  }}
                />
                on
              </label>,
            ],
          ]}
        />
      </Part>
      <Who />
      <Tokens />
      <Sessions />
      <Part title="The service">
        <p class="say">
          Everything about the service is in one file, reviewed and versioned with its code; nothing of it is set here.
        </p>
        {server !== null && (
          <Facts
            facts={[
              ['Config', <code>{server.projectDir}/sluice.config.ts</code>],
              ['Check it', <code>sluice validate</code>],
            ]}
          />
        )}
      </Part>
      <Source />
      <Part title="Integrations">
        <p class="say">
          This control plane is asked over its HTTP API, which describes itself at <code>/openapi.json</code>. Whom it
          tells what is on the page of <a href="/notifications">notifications</a>.
        </p>
      </Part>
    </Page>
  )
}
