/** The line by which a process of tests says that all its files are loaded, and that what it compiled for that is kept for others. */
export const loadedLine = 'ℹ loaded'
