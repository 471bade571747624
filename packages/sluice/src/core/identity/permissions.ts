/** What people and programs may do, and the roles that let them. Closed tables: what no row names, nobody may. */

/**
 * Everything that can be asked for. `view` and `plan` change nothing; `run` is the pipeline; `respond` is incidents; `pause` stops a rollout where it is; `rollback` takes one back, or a
 * release; `deploy` sends one on; `lock` is locks, freezes and the queue; `maintain` is what an operator does to an environment or a release beside that (maintenance, drills, checks,
 * holds); `override` passes over a refusal; `secrets` and `policy` are what their names say; `admin` is people and tokens.
 */
export const permissions = [
  'view',
  'plan',
  'run',
  'respond',
  'pause',
  'rollback',
  'deploy',
  'approve',
  'lock',
  'maintain',
  'override',
  'secrets',
  'policy',
  'admin',
] as const

/** One of `permissions`. */
export type Permission = (typeof permissions)[number]

/** Every role, the least powerful first. */
export const roles = ['viewer', 'developer', 'approver', 'deployer', 'admin'] as const

/** One of `roles`. */
export type Role = (typeof roles)[number]

const viewer: readonly Permission[] = ['view', 'plan']
const developer: readonly Permission[] = [...viewer, 'run', 'respond', 'pause']

/** What each role may. Whoever may say yes to a release, or send one on, may also take it back: nothing is to stand in the way of that. */
export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  viewer,
  developer,
  approver: [...viewer, 'respond', 'pause', 'rollback', 'approve'],
  deployer: [...developer, 'rollback', 'deploy', 'lock', 'maintain'],
  admin: permissions,
}

/** Roles that may do it, the least powerful first. */
export const rolesWith = (permission: Permission): readonly Role[] =>
  roles.filter((role) => rolePermissions[role].includes(permission))

/** What a permission is called in a sentence: `may not …`. */
export const permissionWords: Readonly<Record<Permission, string>> = {
  view: 'look',
  plan: 'plan',
  run: 'start or call off runs',
  respond: 'open or resolve incidents',
  pause: 'pause rollouts',
  rollback: 'roll back',
  deploy: 'deploy',
  approve: 'approve',
  lock: 'lock, freeze or dequeue',
  maintain: 'hold releases, verify, drill or set maintenance',
  override: 'pass over a refusal',
  secrets: 'write secrets',
  policy: 'change policies',
  admin: 'administer people and tokens',
}
