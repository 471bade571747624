/** Dockerfiles, Kubernetes manifests and Compose files of a repository, judged. */
import { readFile, stat } from 'node:fs/promises'
import { basename, join, matchesGlob } from 'node:path'
import type { LineCounter as Lines, Document } from 'yaml'
import { judgeCompose } from '../../core/security/compose.ts'
import { type DockerInstruction, judgeDockerfile } from '../../core/security/dockerfile.ts'
import { judgeKubernetes, type ManifestDocument, type Path } from '../../core/security/kubernetes.ts'
import { limits } from '../../core/limits.ts'
import { findingsAt } from '../../core/security/place.ts'
import { type Allowance, applyAllowances } from '../../core/security/secrets/allow.ts'
import { broken, type Finding, scanned, type ScanResult } from '../../core/security/scan.ts'
import { git } from '../../lib/git.ts'
import { listOf, recordOf } from './documents.ts'

/** Which files are judged. */
export type ManifestRequest = {
  readonly directory: string
  /** Globs relative to the repository; null for every file that is called or looks like one of the three kinds. */
  readonly paths: readonly string[] | null
  readonly allowances: readonly Allowance[]
  /** Epoch ms. */
  readonly now: number
}

const help = {
  docker: 'https://docs.docker.com/build/building/best-practices/',
  kubernetes: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/',
  compose: 'https://docs.docker.com/reference/compose-file/services/',
}

/**
 * Judges the files that git tracks or does not ignore. Templates (`{{ … }}`) are counted, not judged: render them first. `broken` when a manifest cannot be read, or when
 * paths are given and none is there.
 */
export const scanManifests = async (request: ManifestRequest, signal: AbortSignal): Promise<ScanResult> => {
  const listed = await git(request.directory, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], signal)
  if (listed.code !== 0) return broken(`git could not list the files: ${listed.err.trim()}`)
  const files = [...new Set(listed.out.split('\u0000').filter(Boolean))].filter((file) =>
    request.paths === null ? mayBe.test(file) : request.paths.some((glob) => matchesGlob(file, glob)),
  )
  if (request.paths !== null && files.length === 0)
    return broken(`There is no file that fits ${request.paths.join(', ')}.`)
  const findings: Finding[] = []
  const unread: string[] = []
  const stats = { dockerfiles: 0, manifests: 0, composeFiles: 0, templates: 0 }
  for (const file of files) {
    signal.throwIfAborted()
    const path = join(request.directory, file)
    const found = await stat(path).catch(() => null)
    if (found?.isFile() !== true || found.size > limits.documentBytesMax) continue
    const text = await readFile(path, 'utf8')
    const judged = await judgeFile(file, text)
    if (judged === null) continue
    if (typeof judged === 'string') unread.push(`${file}: ${judged}`)
    else {
      stats[judged.kind] += 1
      findings.push(...judged.findings)
    }
  }
  const kept = applyAllowances(findings, request.allowances, { now: request.now, matches: matchesGlob })
  const all = {
    ...stats,
    allowed: kept.allowed,
    expiredAllowances: kept.expired.length,
    unusedAllowances: kept.unused.length,
  }
  return unread.length === 0 ? scanned(kept.findings, all) : broken(unread.join('\n'), kept.findings, all)
}

type Judged = {
  readonly kind: 'dockerfiles' | 'manifests' | 'composeFiles' | 'templates'
  readonly findings: readonly Finding[]
}

const dockerfile = /^(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$|\.(?:dockerfile|containerfile)$/i
const composeFile = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/i
const mayBe = /(?:^|\/)(?:Dockerfile|Containerfile)|\.(?:dockerfile|containerfile|ya?ml)$/i

/** Findings of a file; a sentence for one that cannot be read, null for one of another kind. */
const judgeFile = async (file: string, text: string): Promise<Judged | string | null> => {
  const name = basename(file)
  if (dockerfile.test(name) && !/\.(?:md|dockerignore)$/.test(name)) {
    const instructions = await readDockerfile(text)
    if (!instructions.some(({ keyword }) => keyword === 'FROM')) return 'it has no FROM'
    return { kind: 'dockerfiles', findings: findingsAt(file, judgeDockerfile(instructions), help.docker) }
  }
  const isCompose = composeFile.test(name)
  if (!isCompose && !(/^apiVersion:/m.test(text) && /^kind:/m.test(text))) return null
  if (/\{\{[^}]*\}\}/.test(text)) return { kind: 'templates', findings: [] }
  const documents = await readYaml(text)
  if (typeof documents === 'string') return documents
  const judge = isCompose ? judgeCompose : judgeKubernetes
  const placed = documents.flatMap(judge)
  return isCompose
    ? { kind: 'composeFiles', findings: findingsAt(file, placed, help.compose) }
    : { kind: 'manifests', findings: findingsAt(file, placed, help.kubernetes) }
}

/** Instructions of a Dockerfile, by the parser of Docker's editor extension. */
const readDockerfile = async (text: string): Promise<readonly DockerInstruction[]> => {
  const { DockerfileParser, ModifiableInstruction } = await import('dockerfile-ast')
  return DockerfileParser.parse(text)
    .getInstructions()
    .map((instruction): DockerInstruction => {
      // Flags are apart from arguments where an instruction has any: FROM, ADD, COPY, RUN, HEALTHCHECK.
      const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : []
      return {
        keyword: instruction.getKeyword(),
        text: (instruction.getArgumentsContent() ?? '').trim(),
        flags: flags.map((flag) => `--${flag.getName()}=${flag.getValue() ?? ''}`),
        line: instruction.getRange().start.line + 1,
      }
    })
}

const readYaml = async (text: string): Promise<readonly ManifestDocument[] | string> => {
  const { LineCounter, parseAllDocuments } = await import('yaml')
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines })
  if (!Array.isArray(documents)) return []
  const [error] = documents.flatMap(({ errors }) => errors)
  if (error !== undefined) return error.message
  return documents.map((document) => {
    const value: unknown = document.toJS({ maxAliasCount: 1_000 })
    return { value, lineOf: (path: Path) => lineOf(document, path, lines) }
  })
}

/** Line of the key (or the item of a list) at a path, or of the nearest one above it. */
const lineOf = (document: Document.Parsed, path: Path, lines: Lines): number | null => {
  for (let length = path.length; length >= 0; length -= 1) {
    const at = path.slice(0, length)
    const name = at.at(-1)
    const parent: unknown = length === 0 ? null : document.getIn(at.slice(0, -1), true)
    const pair = listOf(recordOf(parent)['items'])
      .map(recordOf)
      .find(({ key }) => typeof name === 'string' && recordOf(key)['value'] === name)
    const start = offsetOf(pair?.['key']) ?? offsetOf(document.getIn(at, true))
    if (start !== null) return lines.linePos(start).line
  }
  return null
}

const offsetOf = (node: unknown): number | null => {
  const [start] = listOf(recordOf(node)['range'])
  return typeof start === 'number' ? start : null
}
