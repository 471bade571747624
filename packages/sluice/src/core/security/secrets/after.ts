/**
 * The pattern of a value that is only a secret after its provider's name: `name… = "value"` in any of the forms that configs, code and shells write.
 * `value` is the source of an expression; the whole is case-insensitive in the name only if `value` is written for it.
 */
export const after = (name: string, value: string): RegExp =>
  new RegExp(
    `(?:${name})[\\w.-]{0,20}['"]?\\]?[ \\t]{0,3}(?:=|:{1,3}=?|=>|\\|\\||,)[ \\t]{0,5}['"\`]?(${value})(?![\\w+/=-])`,
    'gi',
  )
