/** An error as the answer to a request. */
import { problemOf, problemType } from './client/problem.ts'

/** The answer that an error is told with, in the form of RFC 9457. */
export const problemAnswer = (error: unknown): Response => {
  const body = problemOf(error)
  const headers = {
    'content-type': problemType,
    ...(body.status === 401 ? { 'www-authenticate': 'Bearer realm="sluice"' } : {}),
    ...(body.status === 429 ? { 'retry-after': '1' } : {}),
  }
  return Response.json(body, { status: body.status, headers })
}
