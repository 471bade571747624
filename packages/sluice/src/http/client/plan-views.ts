/** What the API answers about a plan: a wire type like those of `views.ts`. */
import type { Refusal } from '../../core/admission.ts'
import type { BundleChange } from '../../core/bundle.ts'
import type { FreezeWindow } from '../../core/model.ts'
import type { MigrationClass } from '../../core/point-of-no-return.ts'
import type { ClosureView, PolicyFindingView } from './governance-views.ts'
import type { ReleaseRef, StepView } from './views.ts'

/** What a deploy would do. Nothing was changed. */
export type PlanView = {
  readonly environment: string
  readonly purpose: 'deploy' | 'promote' | 'rollback'
  readonly strategy: string
  readonly from: ReleaseRef | null
  readonly to: ReleaseRef
  readonly steps: readonly StepView[]
  /** What of the traffic the new release gets, and for how long at least. Estimates. */
  readonly exposure: {
    /** Of the whole environment; null when it is not known. */
    readonly requestsPerSecond: number | null
    readonly stages: readonly {
      /** Index of the step that shifts. */
      readonly step: number
      readonly shareBp: number
      readonly atLeastMs: number
      readonly waitsFor: 'nothing' | 'time' | 'evidence' | 'person'
      /** Requests that it answers in that time; null when the traffic is not known. */
      readonly requests: number | null
    }[]
  }
  /** When the judge would stop a bad release at the first share; null where two releases never have traffic at once. Rates from 0 to 1. */
  readonly stops: {
    readonly shareBp: number
    readonly alpha: number
    /** Of bad responses of the present release. */
    readonly stableRate: number
    /** Nothing is known of it. */
    readonly isAssumed: boolean
    /** Expected requests that a release of such a rate answers until then, and how many of them badly. */
    readonly forecasts: readonly { readonly candidateRate: number; readonly requests: number; readonly bad: number }[]
  } | null
  /** What has to be so before it starts. */
  readonly gates: readonly { readonly text: string; readonly met: boolean }[]
  /** Freezes that are on or ahead. */
  readonly windows: readonly (FreezeWindow & { readonly by: string })[]
  /** Recurring windows: when nothing may come, from now on. */
  readonly closures: readonly ClosureView[]
  /** Every demand of the policies. */
  readonly policies: readonly PolicyFindingView[]
  /** Names of the checks that look at the new instances, and at the environment. */
  readonly checks: { readonly candidate: readonly string[]; readonly environment: readonly string[] }
  /** How it would be undone while every instance of the old release is up. */
  readonly wayBack: readonly StepView[]
  /** The same once some of them are gone. */
  readonly wayBackCold: readonly StepView[]
  /** Index of the step from which on it is the cold one; null when none takes the old release away. */
  readonly coldFrom: number | null
  readonly refusals: readonly Refusal[]
  /** What else changes with the code, and comes back with it. */
  readonly changes: readonly BundleChange[]
  /** Migrations that it brings; after a `contract` there is no way back. */
  readonly migrations: readonly { readonly name: string; readonly class: MigrationClass }[]
}
