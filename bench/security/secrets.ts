/** The forms in which a secret may show up. */

/** A secret as it is, and as encodings would have it; its base64 at each of the three places where it may begin. */
export const formsOf = (secret: string): readonly string[] => {
  // What lies around the secret changes the first and the last digits.
  const shifted = ['', 'x', 'xx'].map((before) =>
    Buffer.from(`${before}${secret}`)
      .toString('base64')
      .slice(before === '' ? 0 : 4, -4),
  )
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64url'),
    ...shifted,
  ]
  return [...new Set(forms)].filter((form) => form.length >= 8)
}
