/** Answers that the gateway gives itself. */

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
}

/** What a reply says. `fields` are whole lines, each with its CR LF. */
export type Reply = {
  readonly status: number
  readonly detail: string
  readonly close: boolean
  readonly headOnly: boolean
  readonly fields: string
  /** HTML in the place of the detail, as latin1 text of its bytes. */
  readonly page?: string
}

/** The whole reply as latin1 text. The server field tells a person who answered: the gateway, not the service. */
export const replyText = (reply: Reply): string => {
  const body = reply.page ?? `${reply.status} ${reasons[reply.status] ?? 'Error'}: ${reply.detail}\n`
  const type = reply.page === undefined ? 'text/plain' : 'text/html'
  return `HTTP/1.1 ${reply.status} ${reasons[reply.status] ?? 'Error'}\r\nserver: sluice-gateway\r\ncontent-type: ${type}; charset=utf-8\r\ncache-control: no-store\r\ncontent-length: ${body.length}\r\n${reply.fields}${
    reply.close ? 'connection: close\r\n' : ''
  }\r\n${reply.headOnly ? '' : body}`
}
