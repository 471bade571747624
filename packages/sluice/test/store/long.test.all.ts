/** The long forms of the store's tortures: the power is cut at every disk operation of a longer work, and 500 writers are killed. */
process.env['SLUICE_TEST_LONG'] = '1'
await import('./power-loss.test.ts')
await import('./kill.test.all.ts')
