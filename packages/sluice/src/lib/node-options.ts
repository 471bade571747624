/**
 * Options of Node for a process that works beside traffic without serving it: the control plane.
 *
 * `--single-threaded-gc`: V8 collects with as many helper threads as there are cores, all of them at once, so that for milliseconds no core is left to those that serve on the
 * same machine. On its own thread a collection takes longer, and one core. On a machine of two cores the requests around a cutover that took more than twice the steady p99
 * fell from 0.7 % to 0.4 % (bench:cutover, 2026-11-26, 36 cutovers each).
 *
 * Whoever starts one by hand gets them from `bin/sluice.js`.
 */
export const besideTrafficNodeOptions: readonly string[] = ['--single-threaded-gc']
