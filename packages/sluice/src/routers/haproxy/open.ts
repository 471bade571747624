/** The HAProxy router, loaded once a route names it or one of its files is there: most control planes have the gateway only. */
import { existsSync } from 'node:fs'
import type { RouteKey, Router } from '../../ports/router.ts'
import { placesIn } from './places.ts'
import type { HaproxyRouter, HaproxyRouterOptions } from './router.ts'

/** See `haproxyRouter`. */
export const openHaproxyRouter = (options: HaproxyRouterOptions): HaproxyRouter => {
  const watching: Parameters<Router['watch']>[] = []
  let loading: Promise<HaproxyRouter> | null = null
  let loaded: HaproxyRouter | null = null
  const load = async (): Promise<HaproxyRouter> => {
    const { haproxyRouter } = await import('./router.ts')
    loaded = haproxyRouter(options)
    for (const watch of watching) loaded.watch(...watch)
    return loaded
  }
  const router = (): Promise<HaproxyRouter> => (loading ??= load())
  const isUsed = (): boolean => loading !== null || existsSync(placesIn(options.stateDir))
  return {
    probe: async (request, signal) => (await router()).probe(request, signal),
    shift: async (route, signal) => (await router()).shift(route, signal),
    observe: async (key, signal) => (await router()).observe(key, signal),
    drain: async (request, signal) => (await router()).drain(request, signal),
    remove: async (request, signal) => (await router()).remove(request, signal),
    watch: (listener, signal) => {
      if (loaded === null) watching.push([listener, signal])
      else loaded.watch(listener, signal)
    },
    start: async () => {
      if (isUsed()) await (await router()).start()
    },
    knows: async (key: RouteKey) => (isUsed() ? (await router()).knows(key) : 'nothing'),
    close: async () => {
      await (await loading)?.close()
    },
  }
}
