/** A release: what is in it, where it is, whether it is what its id says, and how it differs from another. */
import type { VNode } from 'preact'
import { useSignal } from '@preact/signals'
import { useLocation, useRoute } from 'preact-iso'
import type { ReleaseDetailView, ReleaseVerificationView } from '../../../../sluice/src/http/client/release-views.ts'
import { ask, asError } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { announce } from '../../parts/announcer.tsx'
import { Cause } from '../../parts/cause.tsx'
import { type Deed, OneDeed } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine } from '../../parts/ref.tsx'
import { Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { releasesQuestion } from '../../questions.ts'
import { numberOf } from '../../words.ts'
import { differencesOf } from './difference.ts'

/** The page of one release. */
export const Release = (): VNode => {
  const { params } = useRoute()
  const id = params['release'] ?? ''
  const answer = useAnswer({
    id: 'releases.show',
    input: { params: { release: id } },
    concerns: ({ key }) => key.kind === 'release' || key.kind === 'environment',
  })
  return (
    <Shown answer={answer} what={`Release ${id}`}>
      {(release) => <Whole key={id} release={release} />}
    </Shown>
  )
}

const Whole = ({ release }: { readonly release: ReleaseDetailView }): VNode => (
  <Page
    title={release.version}
    crumbs={[{ text: 'Releases', href: '/releases' }]}
    aside={
      <>
        {release.serves.map((environment) => (
          <a key={environment} class="mark good" href={`/environments/${environment}`}>
            serves {environment}
          </a>
        ))}
        <OneDeed deed={release.hold === null ? hold(release) : unhold(release)} />
      </>
    }
    below={
      <Facts
        facts={[
          ['Commit', <CommitLine commit={release.commit} />],
          ['Cut', <Age at={release.cutAt} />],
          ['By run', <a href={`/runs/${release.cutBy}`}>{release.cutBy}</a>],
          ['Id', <code class="digest">{release.id}</code>],
        ]}
      />
    }
  >
    {release.hold !== null && (
      <Cause title="Held" tone="warn" cause={{ kind: 'held', code: null, evidence: [], text: release.hold.detail }} />
    )}
    <div class="two">
      <Contents release={release} />
      <Verified release={release} />
    </div>
    <Compared release={release} />
    <Specs release={release} />
  </Page>
)

const Contents = ({ release }: { readonly release: ReleaseDetailView }): VNode => (
  <Part title="What is in it">
    <Facts
      facts={[
        ...release.artifacts.map(
          ({ name, digest, bytes }) =>
            [
              `Artifact ${name}`,
              <>
                <code class="digest">{digest}</code> {numberOf(bytes)} bytes
              </>,
            ] as const,
        ),
        ['Start', <code>{release.start.command}</code>],
        ['Migrations', release.migrations.length === 0 ? 'none' : release.migrations.join(', ')],
        ['Flags', release.flags.length === 0 ? 'none declared' : release.flags.join(', ')],
        [
          'Gates',
          release.gates.length === 0
            ? 'its run had none'
            : release.gates.map(({ gate, status }) => `${gate}: ${status}`).join(', '),
        ],
        ['For', release.environments.join(', ')],
      ]}
    />
  </Part>
)

const Verified = ({ release }: { readonly release: ReleaseDetailView }): VNode => {
  const found = useSignal<ReleaseVerificationView | null>(null)
  const isBusy = useSignal(false)
  const verify = async (): Promise<void> => {
    isBusy.value = true
    try {
      found.value = await ask('releases.verify', { params: { release: release.id }, timeoutMs: 120_000 })
    } catch (error) {
      announce(asError(error).detail, 'failed')
    }
    isBusy.value = false
  }
  const { value } = found
  return (
    <Part
      title="Is it what it says?"
      note={
        <button type="button" class="button plain" disabled={isBusy.value} onClick={() => void verify()}>
          Verify now
        </button>
      }
    >
      {value === null ? (
        <p class="say">
          Hashes its content and its artifacts anew, and checks who signed where they come from. Nobody asked since this
          page is open.
        </p>
      ) : (
        <ul class="lines">
          <li>
            <Mark
              told={value.intact ? { tone: 'good', word: 'intact' } : { tone: 'bad', word: 'not what its id says' }}
            />
            <b>content</b>
          </li>
          {value.artifacts.map(({ name, status, provenance }) => (
            <li key={name}>
              <Mark told={{ tone: status === 'ok' ? 'good' : 'bad', word: status }} />
              <b>{name}</b>
              <span class="what">
                {provenance === null
                  ? 'no run left a provenance'
                  : `provenance ${provenance.status}${provenance.detail === null ? '' : `: ${provenance.detail}`}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}

const comparedMax = 50

const Compared = ({ release }: { readonly release: ReleaseDetailView }): VNode => {
  const { query, route } = useLocation()
  const others = (useAnswer(releasesQuestion(comparedMax))?.data.value?.items ?? []).filter(
    ({ id }) => id !== release.id,
  )
  const before = others.find(({ cutAt }) => cutAt < release.cutAt)
  const chosen = query['with'] ?? before?.id ?? ''
  const other =
    useAnswer(chosen === '' ? null : { id: 'releases.show', input: { params: { release: chosen } } })?.data.value ??
    null
  const differences = other === null ? [] : differencesOf(other, release)
  return (
    <Part
      title="Compared with"
      note={
        <select
          aria-label="Compare with"
          value={chosen}
          onChange={({ currentTarget }) => route(`/releases/${release.id}?with=${currentTarget.value}`, true)}
        >
          {others.length === 0 && <option value="">there is no other release</option>}
          {others.map(({ id, version, commit }) => (
            <option key={id} value={id}>
              {version} · {commit.subject}
            </option>
          ))}
        </select>
      }
    >
      {other === null ? (
        <p class="none">Choose a release to compare with.</p>
      ) : differences.length === 0 ? (
        <p class="none">Nothing differs but the version.</p>
      ) : (
        <Table label="Differences" columns={['What', 'Name', other.version, release.version]} kind="diff">
          <tbody role="rowgroup">
            {differences.map(({ what, name, from, to }) => (
              <tr role="row" key={`${what} ${name}`}>
                <td role="cell">{what}</td>
                <th role="rowheader" scope="row">
                  {name}
                </th>
                <td role="cell">
                  {from === null ? <span class="none">not in it</span> : <code class="gone">{from}</code>}
                </td>
                <td role="cell">
                  {to === null ? <span class="none">not in it</span> : <code class="come">{to}</code>}
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Part>
  )
}

const Specs = ({ release }: { readonly release: ReleaseDetailView }): VNode => (
  <Part title="What it fixes for each environment">
    {release.specs.map((spec) => (
      <details key={spec.name} class="spec">
        <summary>
          <b>{spec.name}</b>
          <span>
            {spec.strategy.kind}, {spec.instances} × on port {spec.listen.port}, {Object.keys(spec.config).length}{' '}
            config, {Object.keys(spec.secretVersions).length} secrets
          </span>
        </summary>
        <pre tabIndex={0} aria-label={`Spec for ${spec.name}`}>
          {JSON.stringify(spec, null, 2)}
        </pre>
      </details>
    ))}
  </Part>
)

const hold = (release: ReleaseDetailView): Deed => ({
  word: 'Hold',
  title: `Hold ${release.version}?`,
  needs: { permission: 'maintain', environment: null },
  tone: 'plain',
  reason: 'required',
  happens: <p>Nothing ships it by itself any more, and a person only by saying so. Where it serves, it goes on.</p>,
  fails: <p>It stays as shippable as it is.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('releases.hold', { params: { release: release.id }, body: { reason: reason ?? '' }, idempotencyKey })
    return `${release.version} is held`
  },
})

const unhold = (release: ReleaseDetailView): Deed => ({
  word: 'Take the hold off',
  title: `Let ${release.version} be shipped again?`,
  needs: { permission: 'maintain', environment: null },
  tone: 'plain',
  reason: 'optional',
  happens: <p>It may be shipped again, by promotions that go on by themselves too.</p>,
  fails: <p>It stays held.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('releases.unhold', { params: { release: release.id }, body: { reason }, idempotencyKey })
    return `${release.version} may be shipped again`
  },
})
