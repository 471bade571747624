/** Reading what several answers need. */
import { environmentNames } from '../present/environment-names.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Release, ReleaseId } from '../../core/model.ts'
import type { AggregateKey, LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Engine } from '../../engine/engine.ts'
import type { EnvironmentTarget } from '../../engine/commands/environments.ts'
import type { ApiContext } from '../context.ts'
import type { Known } from '../present/releases.ts'
import { instanceView, trafficView } from '../present/traffic.ts'
import type { ObservedView } from '../client/views.ts'
import type { NamedEnvironment } from '../present/environment-names.ts'

/** How long an answer waits for the data plane and the driver, milliseconds; then it says that nothing was observed. */
const observeMs = 2_000

/** The releases of these ids; one that is not stored is left out. */
export const knownReleases = async ({ engine }: ApiContext, ids: readonly ReleaseId[]): Promise<Known> => {
  const unique = [...new Set(ids)]
  const found = await Promise.all(
    unique.map((id) =>
      engine.reading.release(id).catch((error: unknown) => {
        if (error instanceof SluiceError && error.code === 'not_found') return null
        throw error
      }),
    ),
  )
  return new Map(found.filter((release) => release !== null).map((release) => [release.id, release]))
}

/** The newest release, or null. */
export const newestRelease = ({ engine }: ApiContext): Promise<Release | null> => engine.reading.newestRelease()

/**
 * The service that this control plane delivers: the newest release's, or the config's before there is one. What is stored comes first, because a
 * rollback must go while `sluice.config.ts` is being edited.
 */
export const serviceOf = async (context: ApiContext, signal: AbortSignal): Promise<string> =>
  (await newestRelease(context))?.content.service ?? (await context.settings(signal)).service

/** Names an environment; `not_found` when neither a release, nor the config, nor the ledger knows it. */
export const targetOf = async (
  context: ApiContext,
  environment: string,
  signal: AbortSignal,
): Promise<EnvironmentTarget> => {
  const { service, environments } = await environmentsOf(context, signal)
  if (environments.some(({ name }) => name === environment)) return { service, environment }
  const names = environments.map(({ name }) => name).join(', ')
  throw new SluiceError('not_found', {
    detail: `${service} has no environment named ${JSON.stringify(environment)} (it has: ${names === '' ? 'none' : names})`,
    hint: 'sluice env ls',
  })
}

/** The service and its environments, in the order in which releases pass them. */
export const environmentsOf = async (
  context: ApiContext,
  signal: AbortSignal,
): Promise<{ readonly service: string; readonly environments: readonly NamedEnvironment[] }> => {
  const newest = await newestRelease(context)
  const settings = newest === null ? await context.settings(signal) : null
  const service = newest?.content.service ?? settings?.service ?? ''
  const used = await context.engine.environments(service)
  return { service, environments: environmentNames({ newest, settings, used }) }
}

/** What is there now; null parts where it could not be observed. */
export const observedOf = async (
  { engine, log }: ApiContext,
  target: EnvironmentTarget,
  { known, signal }: { readonly known: Known; readonly signal: AbortSignal },
): Promise<ObservedView> => {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(observeMs)])
    const { route, instances } = await engine.observe(target, bounded)
    return {
      traffic: route === null ? null : trafficView(route, known),
      instances: instances.map((instance) => instanceView(instance, known)),
    }
  } catch (error) {
    log.warn('observe_failed', { environment: target.environment, error: String(error) })
    return { traffic: null, instances: null }
  }
}

/** Lets everybody else have their turn: what is read is read without a wait. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Which rows: those after a number, of everything or of one aggregate, and at most how many. */
export type PagesQuery = { readonly after?: number; readonly key?: AggregateKey; readonly rowsMax?: number }

/**
 * Rows of the ledger, page by page. The store answers without a wait, and so would a whole ledger be read in one go: between two pages everybody else
 * gets their turn.
 */
export async function* ledgerPages(
  engine: Pick<Engine, 'ledger'>,
  { after = 0, key, rowsMax = Infinity }: PagesQuery,
): AsyncGenerator<readonly LedgerRow[], void, undefined> {
  let last = after
  for (let rows = 0; rows < rowsMax; rows += limits.pageItemsMax) {
    if (rows > 0) await nextTurn()
    const page = await engine.ledger({ after: last, limit: limits.pageItemsMax, ...(key === undefined ? {} : { key }) })
    yield page
    last = page.at(-1)?.seq ?? last
    if (page.length < limits.pageItemsMax) return
  }
}
