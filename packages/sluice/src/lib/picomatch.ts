/** Globs by picomatch, loaded with the first one that needs it, and at once: most are a folder with everything in it, and a short run reads no others. */
import { createRequire } from 'node:module'
import type Picomatch from 'picomatch'

const requireHere = createRequire(import.meta.url)

/** The library. */
export const picomatch = (): typeof Picomatch => requireHere('picomatch')
