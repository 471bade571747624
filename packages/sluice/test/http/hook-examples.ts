/** Webhooks as GitHub has sent them, by event; kept by those who make its clients. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The examples of an event. */
export type HookExamples = { readonly name: string; readonly examples: readonly Readonly<Record<string, unknown>>[] }

/** All of them. Trusted: the file is that package's own. */
export const hookExamples: readonly HookExamples[] = JSON.parse(
  readFileSync(fileURLToPath(import.meta.resolve('@octokit/webhooks-examples/api.github.com/index.json')), 'utf8'),
) as readonly HookExamples[]
