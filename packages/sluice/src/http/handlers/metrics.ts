/** The answer to Prometheus. */
import type { ApiContext } from '../context.ts'
import { exposition } from '../metrics/exposition.ts'
import { environmentFamilies, processFamilies } from '../metrics/families.ts'
import type { RequestTally } from '../metrics/request-tally.ts'
import { overview } from './environments.ts'

/** Everything that is measured, in the text format of Prometheus. */
export const metricsText = async (
  context: ApiContext,
  { tally, eventStreams }: { readonly tally: RequestTally; readonly eventStreams: number },
): Promise<string> => {
  const { engine, server } = context
  const { user, system } = process.cpuUsage()
  const figures = {
    version: server.version,
    startedAt: server.startedAt,
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    loopUtilization: performance.eventLoopUtilization().utilization,
    ledgerRows: await engine.reading.head(),
    eventStreams,
    incidentsOpen: await openIncidents(context),
  }
  return exposition([...processFamilies(figures), ...environmentFamilies(await overview(context)), ...tally.families()])
}

/** Of the newest page of incidents: one that is older and still open is not what a figure is needed for. */
const openIncidents = async ({ engine }: ApiContext): Promise<number> =>
  (await engine.reading.incidents({})).items.filter(({ status }) => status === 'open').length
