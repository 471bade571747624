/** How much of a body is read. */
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { problemAnswer } from './problem-answer.ts'

const bounded = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => {
      const detail = `the body is larger than ${maxSize} bytes`
      const response = problemAnswer(new SluiceError('usage_invalid', { detail, hint: 'send less' }))
      // The rest of the body is not read, so nothing can follow on this connection.
      response.headers.set('connection', 'close')
      return response
    },
  })

/** Refuses a body that is larger than any request of a person or a program is. */
export const bodiesBounded: MiddlewareHandler = bounded(limits.requestBodyBytesMax)

/** Refuses a body that is larger than any webhook is. */
export const hooksBounded: MiddlewareHandler = bounded(limits.hookBodyBytesMax)
