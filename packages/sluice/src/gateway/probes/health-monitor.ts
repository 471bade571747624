/** Asks every serving upstream again and again, so that a sick one is avoided before a request finds out. */
import type { DataPlane } from '../data/data-plane.ts'
import { noteAnswer } from '../data/upstream-condition.ts'
import type { LiveRoute } from '../routes/live-route.ts'
import { ask } from './ask.ts'

/** Looks at all routes at every `tickMs`, and asks the upstreams of those whose interval is over. */
export class HealthMonitor {
  private readonly due: WeakMap<LiveRoute, number> = new WeakMap()
  private readonly timer: NodeJS.Timeout

  constructor(plane: DataPlane, routes: () => readonly LiveRoute[]) {
    this.timer = setInterval(() => {
      const now = plane.world.monotonic()
      for (const route of routes()) {
        if (now < (this.due.get(route) ?? 0)) continue
        this.due.set(route, Number.POSITIVE_INFINITY)
        void this.askRoute(route).then(() => this.due.set(route, now + route.route.health.intervalMs))
      }
    }, plane.settings.sweepMs)
    this.timer.unref()
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private async askRoute(route: LiveRoute): Promise<void> {
    const policy = route.route.health
    const pools = new Set(route.arms.flatMap((arm) => arm.pools))
    await Promise.all(
      [...pools].map(async (pool) => {
        const answer = await ask(pool.upstream, policy)
        // An upstream that left meanwhile is nobody's business any more.
        if (pool.drainingSince === null) noteAnswer(route, pool, { good: answer.good, reason: answer.last })
      }),
    )
  }
}
