/** What every answer says to browsers. */

/**
 * For pages: scripts, styles and requests of this address alone, nothing inline, no frames around it, and no text that becomes code (trusted types). `data:` is for images that styles draw.
 */
export const pagePolicy: string = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** For everything else, should a browser ever show it as a page. */
export const dataPolicy: string = "default-src 'none'; frame-ancestors 'none'; sandbox"

/**
 * What every answer has, page or not. `Strict-Transport-Security` is heeded by browsers over TLS alone, so that it does no harm on loopback.
 */
export const commonHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'strict-transport-security': 'max-age=31536000',
}
