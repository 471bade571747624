/** Texts as files of age (age-encryption.org/v1) for one X25519 identity, so that `age -d -i secrets.key secrets.age` reads them, too. Loaded with the first secret. */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'

/** A new identity: `AGE-SECRET-KEY-1…`. */
export const newIdentity = (): Promise<string> => generateX25519Identity()

/** A text for nobody but that identity. */
export const sealText = async (text: string, identity: string): Promise<Uint8Array> => {
  const encrypter = new Encrypter()
  encrypter.addRecipient(await identityToRecipient(identity))
  return encrypter.encrypt(text)
}

/** The text of such a file. Rejects when the identity is another one, or the file is not what was written. */
export const openText = async (sealed: Uint8Array, identity: string): Promise<string> => {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  return decrypter.decrypt(sealed, 'text')
}
