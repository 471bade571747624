/** Directed graphs of names: cycles and orders. Used for `needs` of jobs and `after` of environments. */

/** Node → the nodes it depends on. Unknown names are ignored. */
export type Graph = ReadonlyMap<string, readonly string[]>

/**
 * Nodes in an order in which each comes after what it depends on (by level, then as written), and each node's level: 0 without dependencies,
 * else one more than its deepest. When there is a cycle, the cycle instead, its first node repeated at the end.
 */
export type Order =
  | { readonly kind: 'ordered'; readonly nodes: readonly string[]; readonly level: ReadonlyMap<string, number> }
  | { readonly kind: 'cycle'; readonly nodes: readonly string[] }

/** Orders a graph (Kahn's algorithm, level by level); linear in nodes and edges. */
export const order = (graph: Graph): Order => {
  const level = new Map<string, number>()
  const waiting = new Map<string, number>()
  const dependents = new Map<string, string[]>()
  for (const [node, needs] of graph) {
    const known = [...new Set(needs)].filter((need) => graph.has(need))
    waiting.set(node, known.length)
    for (const need of known) dependents.set(need, [...(dependents.get(need) ?? []), node])
  }
  const rank = new Map([...graph.keys()].map((node, index) => [node, index]))
  const nodes: string[] = []
  let ready = [...graph.keys()].filter((node) => waiting.get(node) === 0)
  for (let depth = 0; ready.length > 0; depth += 1) {
    const next: string[] = []
    for (const node of ready) {
      nodes.push(node)
      level.set(node, depth)
      for (const dependent of dependents.get(node) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1
        waiting.set(dependent, left)
        if (left === 0) next.push(dependent)
      }
    }
    ready = next.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
  }
  return nodes.length === graph.size
    ? { kind: 'ordered', nodes, level }
    : { kind: 'cycle', nodes: cycleAmong(graph, level) }
}

/** Every node that could not be placed has an unplaced dependency, so walking along those must come round. */
const cycleAmong = (graph: Graph, placed: ReadonlyMap<string, number>): readonly string[] => {
  const walked: string[] = []
  let node = [...graph.keys()].find((name) => !placed.has(name))
  while (node !== undefined && !walked.includes(node)) {
    walked.push(node)
    node = graph.get(node)?.find((need) => graph.has(need) && !placed.has(need))
  }
  return node === undefined ? walked : [...walked.slice(walked.indexOf(node)), node]
}
