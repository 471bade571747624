/** Names of branches and tags. */
import { limits } from '../limits.ts'

/** As `git check-ref-format` has it. */
const refForm = /^refs\/(?:heads|tags)\/(?!.*(?:\/\.|\.\.|\/\/|@\{|\.lock(?:\/|$)|\.$|\/$))[^\s~^:?*[\\\u007f]+$/

/** Whether a text is the whole name of a branch or a tag. Control characters have no place in one, and in no line of a log. */
export const isRef = (name: string): boolean =>
  name.length <= limits.refCharactersMax && refForm.test(name) && !/[\p{Cc}]/u.test(name)
