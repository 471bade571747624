import type { EnvironmentSpec, Fence, Instance, Release } from '../core/model.ts'

/** What a platform can and cannot promise; the planner reads it. */
export type DriverCapabilities = {
  /** `none` makes the planner wait out the deadline after a takeover. */
  readonly fencing: 'compareAndSet' | 'readBack' | 'none'
}

/** Asks for instances 0 … count − 1 of a release. */
export type StartRequest = {
  readonly release: Release
  readonly spec: EnvironmentSpec
  readonly count: number
  readonly fence: Fence
  /** Resolved configuration and secrets; never logged, never stored by the driver beyond the instance's own environment. */
  readonly variables: Readonly<Record<string, string>>
}

/** Asks that only instances 0 … keep − 1 of a release remain. */
export type RetireRequest = {
  readonly service: string
  readonly environment: string
  readonly release: Release['id']
  readonly keep: number
  readonly stopGraceMs: number
  readonly fence: Fence
  /** Releases that some environment can go back to: whatever is cleared away besides, they stay whole. */
  readonly neverPruned?: readonly Release['id'][]
}

/** Where instances run. Every request is idempotent and fenced; every method rejects with SluiceError only. */
export interface Driver {
  readonly capabilities: DriverCapabilities
  /** Ensures the instances exist (not that they are healthy). `start_failed` when one ends at once, with its last lines as evidence. */
  start(request: StartRequest, signal: AbortSignal): Promise<readonly Instance[]>
  /** Stops the instances above `keep`: SIGTERM, grace, SIGKILL, or the platform's likeness of it. */
  retire(request: RetireRequest, signal: AbortSignal): Promise<void>
  /** What runs now, as the platform says. */
  observe(service: string, environment: string, signal: AbortSignal): Promise<readonly Instance[]>
  /** The last lines of an instance's log. */
  logs(instance: string, lines: number, signal: AbortSignal): Promise<readonly string[]>
  /** Watches over what should run, restarting with backoff, until closed. Takes up instances that outlived the control plane. */
  supervise(signal: AbortSignal): Promise<void>
}
