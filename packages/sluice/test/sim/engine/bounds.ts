/** How long things may take in a schedule, and how often they may happen. */

/** Once the weather is fine, everything settles within so much true time. */
export const settleMsMax = 1_800_000
/** A person thinks for so long at most before the next word, milliseconds. */
export const personMs = 3_000
/** Bad weather lasts so many rows, but no longer than this; milliseconds. */
export const badWeatherMsMax = 900_000
/** The same where a train goes, milliseconds. */
export const badWeatherWithTrainMsMax = 120_000
/** It ends after so many events as well: control planes may come and go all in one moment, and no row follow. */
export const badWeatherEventsMax = 10_000
/** A lost notice of a trip is made up for by the judge's next look, milliseconds; and an effect in flight comes to its deadline first. */
export const tripKnownMsMax = 30_000
/** Between two attempts of a request that got no answer, milliseconds. */
export const requestPauseMs = 1_500
/** Then the person gives up. */
export const requestAttemptsMax = 40
/** People wait for so many answers at once. */
export const openRequestsMax = 4
/** So many looks of the judge may go by without an answer. */
export const blindLooksMax = 10
/** Commits for which a freed ballast makes room. */
export const ballastCommits = 10
/** The clock jumps so far at most, milliseconds. */
export const clockJumpMsMax = 7_200_000
/** What is taken up again and again is set aside, rightly; so few deaths must not do that to a rollout, nor turn it back. */
export const deathsForgiven = 3
/** A schedule that goes on for longer never ends. */
export const eventsMax = 60_000
