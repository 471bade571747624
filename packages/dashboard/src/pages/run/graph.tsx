/** The jobs of a run as a graph, from left to right; the list beside it says the same. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { JobView } from '../../../../sluice/src/http/client/run-views.ts'
import { Glyph } from '../../parts/mark.tsx'
import { ageOf, jobTold } from '../../words.ts'
import type { Laid } from './layout.ts'

/** What a graph shows. */
export type GraphProps = {
  readonly jobs: readonly JobView[]
  readonly now: number
  readonly chosen: string | null
  readonly hrefOf: (job: string) => string
}

/** The graph; empty until the layout is loaded. */
export const JobGraph = ({ jobs, now, chosen, hrefOf }: GraphProps): VNode | null => {
  const laid = useSignal<Laid | null>(null)
  // Positions depend on names and needs alone: a job that goes on does not move.
  const shape = JSON.stringify(jobs.map(({ name, needs, partOf }) => [name, needs, partOf]))
  useEffect(() => {
    let isWanted = true
    void import('./layout.ts').then(({ layOut }) => {
      if (isWanted) laid.value = layOut(jobs.map(nodeOf))
    })
    return () => {
      isWanted = false
    }
  }, [shape])
  if (laid.value === null) return null
  const { width, height, nodes, edges } = laid.value
  const byName = new Map(jobs.map((job) => [job.name, job]))
  return (
    <div class="graph" role="region" aria-label="Jobs as a graph" tabIndex={0}>
      <div class="canvas" style={{ width: `${width}px`, height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {edges.map(({ from, to, points }) => (
            <path
              key={`${from} ${to}`}
              class={byName.get(from)?.status === 'succeeded' ? 'past' : ''}
              d={lineOf(points)}
            />
          ))}
        </svg>
        {nodes.map(({ name, x, y }) => {
          const job = byName.get(name)
          if (job === undefined) return null
          const { tone, word } = jobTold(job)
          return (
            <a
              key={name}
              class={`node ${tone} ${name === chosen ? 'chosen' : ''}`}
              href={hrefOf(name)}
              aria-current={name === chosen ? 'true' : undefined}
              style={{ transform: `translate(${x}px, ${y}px)` }}
            >
              <Glyph tone={tone} />
              <b>{name}</b>
              <span>
                <span class="unseen">{word} </span>
                {spanText(job, now)}
              </span>
            </a>
          )
        })}
      </div>
    </div>
  )
}

const nodeOf = ({ name, needs, partOf }: JobView): { readonly name: string; readonly needs: readonly string[] } => ({
  name,
  needs: partOf === null ? needs : [...needs, partOf],
})

const spanText = ({ startedAt, finishedAt, from }: JobView, now: number): string => {
  if (from !== null) return from.kind === 'cache' ? 'from the cache' : 'from an earlier run'
  return startedAt === null ? '' : ageOf((finishedAt ?? now) - startedAt).replace('now', '1 s')
}

/** A line with round corners through some points. */
const lineOf = (points: readonly { readonly x: number; readonly y: number }[]): string => {
  const [first, ...rest] = points
  if (first === undefined) return ''
  const middle = rest.slice(0, -1).flatMap((point, index) => {
    const next = rest[index + 1] ?? point
    return [`Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`]
  })
  const last = rest.at(-1) ?? first
  return `M${first.x} ${first.y}${middle.join('')}L${last.x} ${last.y}`
}
