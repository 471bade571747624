import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { addressOf } from '../../core/source/address.ts'
import type { Cli, Command } from '../cli.ts'
import { requireProject } from '../project-directory.ts'

/** `sluice source init`: a bare repository whose pushes start runs. */
export const command: Command = async (cli, input) => {
  requireProject(cli.globals)
  const { projectDir, stateDir } = cli.globals
  const asked = resolve(cli.cwd, input.args[0] ?? '')
  const wanted = {
    path: asked,
    self: cli.host.self,
    projectDir: realpathSync(projectDir),
    stateDir: resolve(stateDir),
  }
  const { path, isNew } = await cli.host.makeBare(wanted, cli.interrupted)
  const isNamed = await isRemote(cli, path)
  if (cli.globals.json) {
    cli.json({ path, isNew, isNamed })
    return 0
  }
  cli.print(`${cli.style.mark('done')} ${path} ${isNew ? 'is made' : 'was there'}; what is pushed to it starts runs`)
  if (!isNamed) {
    cli.print('  put it into sluice.config.ts, so that commits are fetched from it:')
    cli.print(`    source: { remote: '${path.replaceAll("'", String.raw`\'`)}' },`)
  }
  cli.print(`  git remote add sluice ${/[^\w./-]/.test(path) ? `"${path}"` : path} && git push sluice main`)
  return 0
}

const isRemote = async ({ host, globals, interrupted }: Cli, path: string): Promise<boolean> => {
  const loaded = await host.loadConfig(globals.projectDir, interrupted).catch(() => null)
  const rules = loaded?.settings.source
  return rules !== undefined && resolve(globals.projectDir, addressOf(rules).address.replace(/^file:\/\//, '')) === path
}
