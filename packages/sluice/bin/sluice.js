#!/usr/bin/env node
// Written in the JavaScript of ten years ago, so that an old Node gets as far as saying that it is too old.
'use strict'

var wanted = 24
var found = Number(process.versions.node.split('.')[0])

if (found < wanted) {
  process.stderr.write(
    'sluice: Node ' +
      process.versions.node +
      ' is too old, Sluice needs ' +
      wanted +
      ' or newer (SLU-1007). Install it from https://nodejs.org, or run: npx -p node@' +
      wanted +
      ' sluice …\n',
  )
  process.exitCode = 2
} else {
  start()
}

function start() {
  require('node:module').enableCompileCache()
  // A clone has the sources and runs them as they are, even if it was built once; a published package has only what was built.
  var source = require('node:path').join(__dirname, '..', 'src', 'main.ts')
  var main = require('node:fs').existsSync(source) ? '../src/main.ts' : '../dist/main.js'
  import(main).catch(function (error) {
    process.stderr.write(
      'sluice: cannot start (SLU-1000): ' + (error && error.stack ? error.stack : String(error)) + '\n',
    )
    process.exitCode = 1
  })
}
