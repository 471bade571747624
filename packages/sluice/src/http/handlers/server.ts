import { SluiceError } from '../../core/errors.ts'
import type { Handlers } from '../context.ts'
import { serviceOf } from './lookup.ts'

/** Answers about the control plane itself. */
export const serverHandlers: Handlers<'server.show' | 'health.liveness' | 'health.readiness' | 'health.startup'> = {
  'server.show': async (context, { signal }) => ({
    ...context.server,
    service: await serviceOf(context, signal).catch(() => null),
  }),
  'health.liveness': async () => ({ status: 'ok', detail: 'the process answers' }),
  'health.readiness': async ({ engine, isStarted }) => {
    if (!isStarted()) throw unavailable('recovery is not over')
    await engine.ledger({ after: 0, limit: 1 })
    return { status: 'ok', detail: 'the state can be read' }
  },
  'health.startup': async ({ isStarted }) => {
    if (!isStarted()) throw unavailable('recovery is not over')
    return { status: 'ok', detail: 'recovery is over' }
  },
}

const unavailable = (detail: string): SluiceError =>
  new SluiceError('server_unreachable', { detail, hint: 'ask again in a second' })
