/** Rows of the API's table. The control plane itself. */
import { read } from './parts.ts'
import type { Rows } from './spec.ts'

/** The control plane itself. */
export const serverRows: Rows<'server' | 'health' | 'metrics'> = {
  'server.show': { ...read, needs: 'view', summary: 'The control plane that answers.', response: 'Server', errors: [] },
  'metrics.show': {
    ...read,
    needs: 'view',
    summary: 'What the control plane measures, in the text format of Prometheus.',
    response: 'metrics',
    errors: [],
  },
  'health.liveness': {
    ...read,
    summary: 'Whether the process answers.',
    response: 'Health',
    needs: 'open',
    errors: [],
  },
  'health.readiness': {
    ...read,
    summary: 'Whether the state can be read.',
    response: 'Health',
    needs: 'open',
    errors: ['server_unreachable'],
  },
  'health.startup': {
    ...read,
    summary: 'Whether recovery is over.',
    response: 'Health',
    needs: 'open',
    errors: ['server_unreachable'],
  },
}
