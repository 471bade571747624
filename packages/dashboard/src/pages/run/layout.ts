/** Where the jobs of a graph are drawn. Loaded with the first graph. */
import { Graph, layout } from '@dagrejs/dagre'

/** A node to be placed. */
export type Node = { readonly name: string; readonly needs: readonly string[] }

/** A placed node: its top left corner. */
export type Placed = { readonly name: string; readonly x: number; readonly y: number }

/** A placed graph. An edge is the corners that its line goes through. */
export type Laid = {
  readonly width: number
  readonly height: number
  readonly nodes: readonly Placed[]
  readonly edges: readonly { readonly from: string; readonly to: string; readonly points: readonly Point[] }[]
}

type Point = { readonly x: number; readonly y: number }

/** Size of a node, pixels. */
const nodePx: { readonly width: number; readonly height: number } = { width: 184, height: 44 }

const marginPx = 8

/** Places nodes from left to right. What needs a node that is not there is placed as if it did not. */
export const layOut = (nodes: readonly Node[]): Laid => {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 44, marginx: marginPx, marginy: marginPx })
  graph.setDefaultEdgeLabel(() => ({}))
  const names = new Set(nodes.map(({ name }) => name))
  for (const { name } of nodes) graph.setNode(name, { ...nodePx })
  for (const { name, needs } of nodes) for (const need of needs) if (names.has(need)) graph.setEdge(need, name)
  layout(graph)
  const { width = 0, height = 0 } = graph.graph()
  return {
    width,
    height,
    nodes: nodes.map(({ name }) => {
      const { x, y } = graph.node(name)
      return { name, x: x - nodePx.width / 2, y: y - nodePx.height / 2 }
    }),
    edges: graph.edges().map(({ v: from, w: to }) => ({ from, to, points: graph.edge(from, to).points ?? [] })),
  }
}
