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
  besideTraffic()
  start()
}

// A control plane that is started by hand, or by a unit that does not say so, becomes itself once more with the options of `src/lib/node-options.ts`, in the same process and before anything is loaded. One with a channel to its parent
// was started with them. Another command that has one of the words in it loses 40 ms.
function besideTraffic() {
  var options = ['--single-threaded-gc']
  var words = process.argv.slice(2)
  var has = function (word) {
    return words.indexOf(word) >= 0
  }
  var serves = has('server') || (has('up') && !has('-d') && !has('--detach'))
  var isSet = process.execArgv.indexOf(options[0]) >= 0
  if (!serves || isSet || process.send !== undefined || process.execve === undefined) return
  process.execve(
    process.execPath,
    [process.execPath].concat(options, process.execArgv, process.argv.slice(1)),
    process.env,
  )
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
