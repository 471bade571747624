/** The few lines of Lua that HAProxy runs: the sticky hash of `core/routing-pick.ts`, so that a client is in the same cohort behind either router, and the wait while nobody serves. */
import { limits } from '../../core/limits.ts'
import { planKey } from './plan.ts'
import { haproxyLimits } from './limits.ts'

const lookEveryMs = 20

/** The script, for a map file at that path. */
export const scriptText = (mapFile: string): string => `local plans = Map.new('${mapFile}', Map._str)
local waiting = 0

local function hash(seed, key)
  local mixed = seed
  for index = 1, #key do mixed = ((mixed ~ key:byte(index)) * 0x01000193) & 0xffffffff end
  mixed = ((mixed ~ (mixed >> 16)) * 0x85ebca6b) & 0xffffffff
  mixed = ((mixed ~ (mixed >> 13)) * 0xc2b2ae35) & 0xffffffff
  return mixed ~ (mixed >> 16)
end

-- In: txn.key, txn.seed, txn.rollout. Out: txn.point (0 to 9999), and txn.unit, under which the client is counted in this rollout.
core.register_action('sluice_point', { 'http-req' }, function(txn)
  local mixed = hash(txn:get_var('txn.seed'), txn:get_var('txn.key'))
  txn:set_var('txn.point', mixed * 10000 // 4294967296)
  txn:set_var('txn.unit', txn:get_var('txn.rollout') .. '/' .. mixed)
end, 0)

-- Waits while no arm has a share, for a bounded time and a bounded number of requests; then the plan in force is in txn.plan.
core.register_action('sluice_hold', { 'http-req' }, function(txn)
  if waiting >= ${limits.pauseQueueMax} then return end
  waiting = waiting + 1
  for _ = 1, ${Math.ceil(haproxyLimits.holdMs / lookEveryMs)} do
    local plan = plans:lookup('${planKey}')
    if plan ~= nil and not plan:find('|hold|', 1, true) then
      txn:set_var('txn.plan', plan)
      break
    end
    core.msleep(${lookEveryMs})
  end
  waiting = waiting - 1
end, 0)
`
