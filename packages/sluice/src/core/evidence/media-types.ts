/** What a file to look at is, by its name: for whoever shows it. */

const byEnding: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  csv: 'text/csv',
  gif: 'image/gif',
  har: 'application/json',
  htm: 'text/html',
  html: 'text/html',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  json: 'application/json',
  log: 'text/plain',
  md: 'text/markdown',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webm: 'video/webm',
  webp: 'image/webp',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** The media type of a path; `application/octet-stream` for an ending that says nothing. */
export const mediaTypeOf = (path: string): string => {
  const [, ending = ''] = /\.(\w{1,10})$/.exec(path) ?? []
  return byEnding[ending.toLowerCase()] ?? 'application/octet-stream'
}
