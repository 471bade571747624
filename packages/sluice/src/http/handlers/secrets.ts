/** Answers about secrets. */
import { SluiceError } from '../../core/errors.ts'
import { secretNamePattern } from '../../core/secret.ts'
import type { Handlers } from '../context.ts'

/** See the file's header. */
export const secretHandlers: Handlers<'secrets.list' | 'secrets.set' | 'secrets.remove'> = {
  'secrets.list': async ({ engine, secretKeeper }, { signal }) => {
    const secrets = await engine.secrets.list(secretKeeper, signal)
    return {
      secrets: secrets.map(({ name, version, versions, set }) => ({
        name,
        version,
        versions,
        setAt: set?.setAt ?? null,
        setBy: set?.setBy ?? null,
      })),
    }
  },
  'secrets.set': ({ engine, secretKeeper }, { params, body, caller, signal }) => {
    const wish = { name: nameOf(params.secret), value: body.value, keeper: secretKeeper }
    return engine.secrets.set(wish, { ...caller, reason: body.reason ?? null }, signal)
  },
  'secrets.remove': async ({ engine, secretKeeper }, { params, body, caller, signal }) => {
    const removal = { name: nameOf(params.secret), force: body.force ?? false, keeper: secretKeeper }
    await engine.secrets.remove(removal, { ...caller, reason: body.reason ?? null }, signal)
    return {}
  },
}

/** What is no name is not repeated: it may be a value that went to the wrong place. */
const nameOf = (text: string): string => {
  if (secretNamePattern.test(text)) return text
  throw new SluiceError('usage_invalid', {
    detail: 'that is not the name of a secret: letters, digits and _, not beginning with a digit',
    hint: 'sluice secrets set DATABASE_URL < url.txt   the value never stands on the command line',
  })
}
