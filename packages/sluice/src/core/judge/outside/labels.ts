/** What a query template may name of an arm. */
export const labelNames = ['service', 'environment', 'release', 'version', 'commit', 'arm'] as const

/** One arm's labels. `release` is the whole id, as instances have it in `SLUICE_RELEASE`. */
export type ArmLabels = Readonly<Record<(typeof labelNames)[number], string>>

/** Labels that tell one arm from the other; a template without any of them would count both as one. */
export const tellingLabels: readonly string[] = ['release', 'version', 'commit', 'arm']

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g

/** Names that stand in a template. */
export const namesIn = (template: string): readonly string[] =>
  [...template.matchAll(placeholder)].map(([, name]) => name ?? '')

/** A template with an arm's labels put in, as text inside of a PromQL string. */
export const renderQuery = (template: string, labels: ArmLabels): string => {
  const values = new Map<string, string>(Object.entries(labels))
  return template.replaceAll(placeholder, (whole, name: string) => {
    const value = values.get(name)
    return value === undefined ? whole : value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  })
}
