import { join } from 'node:path'

/** The folder that holds the folders of all routes. */
export const placesIn = (stateDir: string): string => join(stateDir, 'haproxy')
