import { SluiceError } from '../../core/errors.ts'
import type { Command } from '../cli.ts'

const bash = `_sluice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}"
  local IFS=$'\\n'
  COMPREPLY=($(sluice __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _sluice sluice
`

const zsh = `#compdef sluice
_sluice() {
  local -a candidates
  candidates=("\${(@f)$(sluice __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $candidates
}
if [ "$funcstack[1]" = "_sluice" ]; then _sluice "$@"; else compdef _sluice sluice; fi
`

const fish = `complete -c sluice -f -a '(sluice __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish }

/** `sluice completion`. The shell asks this program what may come next, so that the script never grows old. */
export const command: Command = async (cli, { args: [shell = ''] }) => {
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
  if (script === undefined)
    throw new SluiceError('usage_invalid', {
      detail: `no completion for ${JSON.stringify(shell)}`,
      hint: 'sluice completion bash | zsh | fish',
    })
  cli.stdout.write(script)
  return 0
}
