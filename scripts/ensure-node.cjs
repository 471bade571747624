// npm forgets the binary inside the `node` package whenever it changes node_modules later on; this puts it back. Runs on any Node.
'use strict'
const { execFileSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const { join } = require('node:path')

const binary = join(__dirname, '..', 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
if (!existsSync(binary))
  execFileSync('npm', ['rebuild', 'node'], { stdio: 'inherit', shell: process.platform === 'win32' })
