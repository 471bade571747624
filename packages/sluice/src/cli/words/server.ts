import type { OptionWord, Word } from '../words.ts'

const listen: readonly OptionWord[] = [
  { flags: '--host <host>', text: 'address to listen on (127.0.0.1)' },
  { flags: '--port <port>', text: 'port to listen on (7420, or a free one)' },
]

/** The processes behind it. */
export const serverWords: readonly Word[] = [
  {
    path: 'up',
    args: '',
    text: 'run the control plane here until Ctrl-C (-d: in the background)',
    options: [{ flags: '-d, --detach', text: 'in the background' }, ...listen],
    examples: ['up -d'],
    load: () => import('../commands/up.ts'),
  },
  {
    path: 'down',
    args: '',
    text: 'stop the control plane; gateway and instances serve on (--all: they end too)',
    options: [
      { flags: '--all', text: 'end the gateway and the instances too; the service is then down until `sluice up`' },
    ],
    examples: ['down', 'down --all'],
    load: () => import('../commands/down.ts'),
  },
  {
    path: 'open',
    args: '',
    text: 'where the dashboard is; in a terminal it is opened in the browser, signed in',
    options: [{ flags: '--link', text: 'print an address that signs a browser in, once and within two minutes' }],
    examples: ['open', 'open --link'],
    load: () => import('../commands/open.ts'),
  },
  {
    path: 'mcp',
    args: '',
    text: 'serve assistants over the Model Context Protocol on stdin and stdout',
    options: [
      {
        flags: '--allow-writes',
        text: 'with the tools that deploy, promote and roll back; each shows first what it would do',
      },
    ],
    examples: ['mcp', 'mcp --allow-writes'],
    load: () => import('../commands/mcp.ts'),
  },
  {
    path: 'doctor',
    args: '',
    text: 'look at Node, git, the state directory, the ports, the control plane and the gateway',
    options: [],
    examples: ['doctor'],
    load: () => import('../commands/doctor.ts'),
  },
  {
    path: 'completion',
    args: '<shell>',
    text: 'a completion script for bash, zsh or fish',
    options: [],
    examples: ['completion bash > ~/.local/share/bash-completion/completions/sluice'],
    load: () => import('../commands/completion.ts'),
  },
  {
    path: 'server',
    args: '',
    text: 'the control plane as a process (what `up` runs)',
    options: listen,
    examples: ['server --port 7420'],
    load: () => import('../commands/server.ts'),
  },
  {
    path: 'gateway',
    args: '[args...]',
    text: 'the gateway as a process (the control plane starts it by itself)',
    options: [],
    examples: ['gateway --state-dir .sluice'],
    load: () => import('../commands/gateway.ts'),
  },
]
