/** Files through which a step talks to its runner: `GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_STATE`, `GITHUB_PATH`. Source: docs.github.com, "Workflow commands", *Environment files*, read 2026-08. */

/** Reads `name=value` and `name<<DELIMITER … DELIMITER` entries in order. Throws an `Error` with the runner's own sentence where the form is broken. */
export const parseKeyValues = (text: string): readonly (readonly [name: string, value: string])[] => {
  const entries: [string, string][] = []
  const lines = text.split('\n')
  // A file that ends with a line feed has no further line after it.
  if (lines.at(-1) === '') lines.pop()
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '' || line === '\r') continue
    const equals = line.indexOf('=')
    const heredoc = line.indexOf('<<')
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`)
      entries.push([line.slice(0, equals), line.slice(equals + 1)])
    } else if (heredoc >= 0) {
      const name = line.slice(0, heredoc)
      const delimiter = line.slice(heredoc + 2)
      if (name === '' || delimiter === '')
        throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`)
      const end = lines.indexOf(delimiter, at + 1)
      if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`)
      entries.push([name, lines.slice(at + 1, end).join('\n')])
      at = end
    } else throw new Error(`Invalid format '${line}'`)
  }
  return entries
}

/** Reads `GITHUB_PATH`: one folder a line. */
export const parsePaths = (text: string): readonly string[] => text.split(/\r?\n/).filter((line) => line !== '')
