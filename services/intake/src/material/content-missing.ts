/** The store does not have content that the database knows: someone deleted it, or the wrong store is set. */
export class ContentMissing extends Error {
  override readonly name = 'ContentMissing';
  constructor(sha256: string) {
    super(`the material store has no content ${sha256}`);
  }
}
