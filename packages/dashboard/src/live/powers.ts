/** What who is signed in may do, and who may do what they may not, kept up to date. The control plane asks again at each request: a page only spares people what would be refused. */
import type { LedgerRowView } from '../../../sluice/src/http/client/ledger-views.ts'
import { barOf, type Needs } from '../powers.ts'
import { who } from './session.ts'

/** The same for who is signed in now; a component that asks is shown anew when it changes. */
export const bar = (needs: Needs): string | null => barOf(who.value, needs)

/** Whether a row of the ledger may have changed what somebody may. */
export const changesPowers = ({ key }: LedgerRowView): boolean => key.kind === 'person' || key.kind === 'token'
