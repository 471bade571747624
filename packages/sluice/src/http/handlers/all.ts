import type { Handlers, StreamId } from '../context.ts'
import type { RouteId } from '../client/paths.ts'
import { attachmentHandlers } from './attachments.ts'
import { deliveryHandlers } from './deliveries.ts'
import { environmentHandlers } from './environments.ts'
import { evidenceHandlers } from './evidence.ts'
import { governanceHandlers } from './governance.ts'
import { identityHandlers } from './identity.ts'
import { ledgerHandlers } from './ledger.ts'
import { notificationHandlers } from './notifications.ts'
import { queueHandlers } from './queues.ts'
import { releaseHandlers } from './releases.ts'
import { rollbackHandlers } from './rollback.ts'
import { rolloutHandlers } from './rollouts.ts'
import { runHandlers } from './runs.ts'
import { secretHandlers } from './secrets.ts'
import { serverHandlers } from './server.ts'
import { sourceHandlers } from './source.ts'
import { trainHandlers } from './trains.ts'

/** A handler for every route but the streams and the webhooks; the type sees to it that none is missing. */
export const handlers: Handlers<Exclude<RouteId, StreamId>> = {
  ...serverHandlers,
  ...environmentHandlers,
  ...queueHandlers,
  ...releaseHandlers,
  ...runHandlers,
  ...evidenceHandlers,
  ...attachmentHandlers,
  ...rolloutHandlers,
  ...trainHandlers,
  ...notificationHandlers,
  ...sourceHandlers,
  ...identityHandlers,
  ...secretHandlers,
  ...ledgerHandlers,
  ...deliveryHandlers,
  ...rollbackHandlers,
  ...governanceHandlers,
}
