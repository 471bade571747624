/** Where a release comes from. Sources: in-toto Statement v1, SLSA Provenance v1.0 (https://slsa.dev/spec/v1.0/provenance). */
import { z } from 'zod'
import { isoTime } from '../iso-time.ts'
import type { JsonValue } from '../pipeline/job-plan.ts'

/** Payload type of an in-toto statement in an envelope. */
export const statementType = 'application/vnd.in-toto+json'

const statementUri = 'https://in-toto.io/Statement/v1'
const predicateUri = 'https://slsa.dev/provenance/v1'

/** What was built: a name and the SHA-256 of its bytes, in hexadecimal. */
export type ProvenanceSubject = { readonly name: string; readonly sha256: string }

/** How it was built. Times are epoch ms. */
export type ProvenanceBuild = {
  /** Id of whoever built: a URI that names this control plane. */
  readonly builder: string
  readonly sluiceVersion: string
  readonly runId: string
  readonly repository: string
  readonly commit: string
  /** What people chose: branch or tag, pipeline, inputs. */
  readonly parameters: Readonly<Record<string, JsonValue>>
  /** What else went in, for instance the lockfile: a URI and its digest. */
  readonly materials: readonly { readonly uri: string; readonly sha256: string }[]
  readonly startedAt: number
  readonly finishedAt: number
}

/** The statement about subjects. Subjects and materials are sorted, so that the same build gives the same bytes. */
export const provenanceOf = (subjects: readonly ProvenanceSubject[], build: ProvenanceBuild): JsonValue => ({
  _type: statementUri,
  subject: subjects
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
  predicateType: predicateUri,
  predicate: {
    buildDefinition: {
      buildType: 'urn:sluice:pipeline-run:v1',
      externalParameters: build.parameters,
      resolvedDependencies: [
        { uri: `git+${build.repository}`, digest: { gitCommit: build.commit } },
        ...build.materials
          .toSorted((a, b) => (a.uri < b.uri ? -1 : 1))
          .map(({ uri, sha256 }) => ({ uri, digest: { sha256 } })),
      ],
    },
    runDetails: {
      builder: { id: build.builder, version: { sluice: build.sluiceVersion } },
      metadata: {
        invocationId: build.runId,
        startedOn: isoTime(build.startedAt),
        finishedOn: isoTime(build.finishedAt),
      },
    },
  },
})

/** A statement, as far as it is checked. */
export type ProvenanceStatement = {
  readonly subject: readonly { readonly name: string; readonly digest: Readonly<Record<string, string>> }[]
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string
      readonly externalParameters: Readonly<Record<string, unknown>>
      readonly resolvedDependencies: readonly {
        readonly uri?: string | undefined
        readonly digest?: Readonly<Record<string, string>> | undefined
      }[]
    }
    readonly runDetails: { readonly builder: { readonly id: string } }
  }
}

const statement: z.ZodType<ProvenanceStatement> = z.object({
  _type: z.literal(statementUri),
  subject: z.array(z.object({ name: z.string(), digest: z.record(z.string(), z.string()) })).min(1),
  predicateType: z.literal(predicateUri),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.string(),
      externalParameters: z.record(z.string(), z.unknown()),
      resolvedDependencies: z
        .array(z.object({ uri: z.string().optional(), digest: z.record(z.string(), z.string()).optional() }))
        .default([]),
    }),
    runDetails: z.object({ builder: z.object({ id: z.string() }) }),
  }),
})

/** Reads the statement of an envelope that was verified; null for anything but SLSA v1 provenance. */
export const parseProvenance = (payload: Uint8Array): ProvenanceStatement | null => {
  try {
    return statement.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))).data ?? null
  } catch {
    return null
  }
}

/** What a release must be for its provenance to be about it. */
export type ProvenanceExpectation = {
  readonly subjects: readonly ProvenanceSubject[]
  readonly commit: string | null
  readonly builder: string | null
}

/** Why a statement is not about a release; null when it is. Each subject must be there under its digest; a subject without a name in the statement is found by its digest. */
export const mismatchOf = (found: ProvenanceStatement, expected: ProvenanceExpectation): string | null => {
  const digests = new Set(found.subject.map(({ digest }) => digest['sha256']))
  const missing = expected.subjects.find(({ sha256 }) => !digests.has(sha256))
  if (missing !== undefined) return `it does not speak of ${missing.name} with sha256 ${missing.sha256}`
  if (expected.subjects.length === 0) return 'there is nothing that it could speak of'
  const { buildDefinition, runDetails } = found.predicate
  const commits = buildDefinition.resolvedDependencies.flatMap(({ digest }) => digest?.['gitCommit'] ?? [])
  if (expected.commit !== null && !commits.includes(expected.commit))
    return `it was built from ${commits.join(', ') || 'no commit'}, not from ${expected.commit}`
  if (expected.builder !== null && runDetails.builder.id !== expected.builder)
    return `it was built by ${runDetails.builder.id}, not by ${expected.builder}`
  return null
}
