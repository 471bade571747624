/**
 * The one table of the HTTP API, a file for each area. The server, its checks, `/openapi.json`, the client's types and `docs/api.md` come from it; nothing is
 * served that is not in it (but for the pages and files of the dashboard, and `/openapi.json` itself).
 */
import type { RouteId } from '../client/paths.ts'
import { deliveriesRows } from './deliveries.ts'
import { drillsRows } from './drills.ts'
import { environmentsRows } from './environments.ts'
import { approvalsRows, changesRows, lineRows } from './governance.ts'
import { identityRows } from './identity.ts'
import { incidentsRows } from './incidents.ts'
import { ledgerRows } from './ledger.ts'
import { notificationsRows } from './notifications.ts'
import { releasesRows } from './releases.ts'
import { rolloutsRows } from './rollouts.ts'
import { runsRows } from './runs.ts'
import { secretsRows } from './secrets.ts'
import { serverRows } from './server.ts'
import { sourceRows } from './source.ts'
import { trainsRows } from './trains.ts'
import type { RouteSpec } from './spec.ts'

/** The table. */
export const routes: { readonly [Id in RouteId]: RouteSpec<Id> } = {
  ...environmentsRows,
  ...releasesRows,
  ...runsRows,
  ...rolloutsRows,
  ...approvalsRows,
  ...lineRows,
  ...changesRows,
  ...incidentsRows,
  ...drillsRows,
  ...trainsRows,
  ...notificationsRows,
  ...sourceRows,
  ...identityRows,
  ...secretsRows,
  ...ledgerRows,
  ...deliveriesRows,
  ...serverRows,
}
