/** The control plane as a process of its own, to be killed: `control-plane.ts PROJECT STATE PORT`. Ends by itself only when its state is lost. */
import { serve } from '../../packages/sluice/src/serve.ts'

const [projectDir = '', stateDir = '', port = ''] = process.argv.slice(2)

await serve({
  projectDir,
  stateDir,
  host: '127.0.0.1',
  port: Number(port),
  onFatal: (error) => {
    process.stderr.write(`${error.code}: ${error.detail}\n`)
    process.exit(1)
  },
})
