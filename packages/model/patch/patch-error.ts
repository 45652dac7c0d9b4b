/**
 * A patch that cannot be applied. The message is upstream's. `invalid`: the patch itself is wrong (400);
 * `unprocessable`: it does not fit this object (422); `tooLarge`: it has more operations than are allowed (413).
 */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly code: 'invalid' | 'unprocessable' | 'tooLarge';

  constructor(code: 'invalid' | 'unprocessable' | 'tooLarge', message: string) {
    super(message);
    this.code = code;
  }
}
