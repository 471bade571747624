/** A webhook as it came: its headers by name in lower case, and its body, byte for byte. */
export type RawHook = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** How a webhook shows whose it is: signed as GitHub does, as Standard Webhooks has it, or by a word that is sent along. */
export type HookProof = 'github' | 'standard' | 'gitlabToken'

/** Knows whose a webhook is. */
export interface HookVerifier {
  /** Whether the holder of the secret sent exactly these bytes; of a standard one, lately. Takes as long whatever is wrong. Never rejects. */
  verify(proof: HookProof, hook: RawHook, secret: string): Promise<boolean>
}
