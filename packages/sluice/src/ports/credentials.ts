/**
 * What people and programs are recognised by: hashes of secrets, kept beside the ledger, because the ledger is for everybody to read and for ever. The ledger says what is valid; this only says whether
 * a secret is the right one. What is kept here and not in the ledger (a process that died between the two) opens nothing.
 */
export interface Credentials {
  /** Makes a secret of 32 random bytes (base64url), keeps its hash under the id, and gives the secret: the only time that anybody sees it. */
  issue(id: string): Promise<string>
  /** Whether it is the secret of that id. Takes as long for any wrong one. */
  matches(id: string, secret: string): Promise<boolean>
  /** Keeps a password of a person, by a hash that is slow to try. */
  setPassword(name: string, password: string): Promise<void>
  /** Whether it is the person's password. Takes as long for a person that has none, or that there is not. `overloaded` when too many wait. */
  matchesPassword(name: string, password: string): Promise<boolean>
  /** A text that tells this password from any other, the same for the same salt, and as slow to try as what `setPassword` keeps. Nothing is kept. `overloaded` when too many wait. */
  passwordTag(salt: string, password: string): Promise<string>
  /** Forgets what is kept under an id of `issue`. */
  remove(id: string): Promise<void>
  /** Forgets a person's password. */
  removePassword(name: string): Promise<void>
}
