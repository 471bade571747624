import { SluiceError } from '../../core/errors.ts'

/** Parser of the name of a system that pipelines come from and go to. `usage_invalid`. */
export const systemOf = (text: string | undefined): 'github' | 'gitlab' => {
  if (text === 'github' || text === 'gitlab') return text
  throw new SluiceError('usage_invalid', {
    detail: `${JSON.stringify(text ?? '')} is no system that pipelines come from or go to`,
    hint: 'github or gitlab',
  })
}
