/** Time zones of the config. */

/** Whether a time zone is known by a name: IANA names, as the platform's own table has them. */
export const isZone = (value: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
