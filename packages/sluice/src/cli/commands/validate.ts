import type { Command } from '../cli.ts'
import { misplacedConfig } from '../project-directory.ts'

/** `sluice validate`. */
export const command: Command = async (cli) => {
  const { file, settings } = await cli.host.loadConfig(cli.globals.projectDir, cli.interrupted)
  const jobs = Object.keys(settings.pipeline.jobs)
  const environments = Object.keys(settings.environments)
  if (cli.globals.json) cli.json({ file, valid: true, service: settings.service, jobs, environments })
  else {
    cli.print(`${cli.style.mark('done')} ${file} is sound: service ${settings.service}`)
    cli.print(`  jobs          ${jobs.join(', ') || 'none'}`)
    cli.print(`  environments  ${environments.join(` ${cli.style.arrow} `) || 'none'}`)
    const misplaced = misplacedConfig(cli.globals.projectDir)
    if (misplaced === null) cli.note('  next  sluice plan')
    else cli.note(`${cli.noteStyle.mark('warn')} no run finds it: ${misplaced.why}`)
  }
  return 0
}
