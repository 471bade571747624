/** Workflow commands: what a step says to its runner in a line of its output. Source: docs.github.com, "Workflow commands", read 2026-08; actions/runner, `ActionCommand`. */

/** A command: its name in lower case, its properties, and what follows. */
export type WorkflowCommand = {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

/** Reads a line as a command (`::name key=value,…::data`, or the older `##[name key=value;…]data`); null for any other line, and for names that are not `known`. */
export const parseCommand = (line: string, known: (name: string) => boolean): WorkflowCommand | null => {
  const trimmed = line.trimStart()
  const command = trimmed.startsWith('::') ? newForm(trimmed) : oldForm(line)
  return command !== null && known(command.name) ? command : null
}

/** Names of the commands that are understood. */
export const commandNames: ReadonlySet<string> = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
])

const newForm = (text: string): WorkflowCommand | null => {
  const end = text.indexOf('::', 2)
  return end < 0 ? null : commandOf(text.slice(2, end), text.slice(end + 2), ',')
}

const oldForm = (text: string): WorkflowCommand | null => {
  const start = text.indexOf('##[')
  const end = start < 0 ? -1 : text.indexOf(']', start)
  return end < 0 ? null : commandOf(text.slice(start + 3, end), text.slice(end + 1), ';')
}

const commandOf = (head: string, data: string, separator: ',' | ';'): WorkflowCommand => {
  const space = head.indexOf(' ')
  const name = (space < 0 ? head : head.slice(0, space)).toLowerCase()
  const pairs =
    space < 0
      ? []
      : head
          .slice(space + 1)
          .trim()
          .split(separator)
  const properties = pairs.flatMap((pair) => {
    const equals = pair.indexOf('=')
    const key = pair.slice(0, equals).trim()
    return equals < 0 || key === '' ? [] : [[key, unescapeProperty(pair.slice(equals + 1), separator)] as const]
  })
  return {
    name,
    properties: Object.fromEntries(properties),
    data: separator === ',' ? unescapeData(data) : unescapeOld(data),
  }
}

const unescapeData = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')

const unescapeOld = (text: string): string =>
  text
    .replaceAll('%3B', ';')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%5D', ']')
    .replaceAll('%25', '%')

const unescapeProperty = (text: string, separator: ',' | ';'): string =>
  separator === ';'
    ? unescapeOld(text)
    : text
        .replaceAll('%0D', '\r')
        .replaceAll('%0A', '\n')
        .replaceAll('%3A', ':')
        .replaceAll('%2C', ',')
        .replaceAll('%25', '%')
