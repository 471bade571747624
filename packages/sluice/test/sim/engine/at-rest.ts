/** What must hold once a schedule of the engine simulator is at rest. */
import { demand } from '../breach.ts'
import { slotCount, slotOf } from '../core/releases.ts'
import { firstOf } from '../core/world.ts'
import { mustHaveWatched } from './back-laws.ts'
import { environmentOn, maintenanceOn } from './ledger-laws.ts'
import { mustBeMaintained } from './maintenance-laws.ts'
import type { Scene } from './scene.ts'

/** Invariant: what the ledger believes is what the world serves, and nothing else runs. */
export const mustBeAtRest = (scene: Scene): void => {
  const { world, badAfter } = scene.setting
  const environment = environmentOn(scene.disk)
  mustHaveWatched(scene.disk, environment?.serving ?? null, badAfter)
  mustBeMaintained(maintenanceOn(scene.disk), scene.dataPlane.maintenance)
  const serving = environment?.serving ?? null
  const left = new Set([...(environment?.kept ?? []), ...(environment?.abandoned ?? [])])
  if (serving === null) demand(world.route === 'closed', 'nothing serves, and the route is open')
  else
    demand(
      world.serving() === slotOf(serving),
      `the ledger says slot ${slotOf(serving)}, the router serves slot ${world.serving()}`,
    )
  for (let slot = 0; slot < slotCount; slot += 1) {
    const release = scene.releases[slot]
    const exists = world.exists[slot] ?? 0
    if (release?.id === serving && release !== undefined && release !== null)
      demand(
        exists === firstOf(release.content.environments[0]?.instances ?? 0),
        `slot ${slot} serves, and not all of its instances are there`,
      )
    else if (release === undefined || release === null || !left.has(release.id))
      demand(exists === 0, `instances of slot ${slot} were left behind`)
  }
}
