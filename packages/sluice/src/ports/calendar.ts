import type { WindowRule } from '../core/governance/types.ts'
import type { Span } from '../core/governance/windows.ts'

/** Reads recurring windows: RFC 5545 in IANA time zones, with their changes of offset. */
export interface Calendar {
  /** When a window is on, oldest first: everything that overlaps the span, whole. `config_invalid` for a rule that cannot be read. */
  times(rule: WindowRule, span: Span): Promise<readonly Span[]>
}
