/**
 * Options of Node for a gateway's process.
 *
 * `--single-threaded-gc`: a young collection takes 0.3 ms, some twenty times a second at 20,000 requests/s. V8 wakes helper threads for each, and where
 * they have no core of their own they are given the gateway's, in the middle of it. Without them the 99th percentile at half load is a third lower
 * (1.3 instead of 2.0 ms on a machine of two cores, HAProxy 1.2 in the same minutes; 2026-11-26). The heap is some 15 MB, so that a full collection is
 * short, and rare.
 */
export const gatewayNodeOptions: readonly string[] = ['--single-threaded-gc']
