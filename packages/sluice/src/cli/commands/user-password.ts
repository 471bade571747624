import { type Command, flagOption } from '../cli.ts'
import { withClient } from '../connect.ts'
import { typedSecret } from '../secret-input.ts'
import { freshKey } from './follow.ts'
import { newPasswordOf } from './identity.ts'

/** `sluice user password`. */
export const command: Command = (cli, input) =>
  withClient(cli, 'server', async (client) => {
    const who = await client.call('session.show', {})
    const name = input.args[0] ?? who.name
    const isOwn = name === who.name && !who.may.includes('admin')
    const current =
      isOwn && !flagOption(input, 'passwordStdin') ? await typedSecret(cli, 'password that it is now') : null
    const password = await newPasswordOf(cli, input)
    await client.call('people.password', {
      params: { person: name },
      body: { password, current },
      idempotencyKey: freshKey(),
    })
    if (cli.globals.json) cli.json({ person: name, changed: true })
    else
      cli.print(`${cli.style.mark('done')} the password of ${name} is set; whoever was signed in with it is signed out`)
    return 0
  })
