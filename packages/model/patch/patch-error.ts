/**
 * A patch that cannot be applied. The message is upstream's. `invalid`: the patch itself is wrong (400);
 * `unprocessable`: it does not fit this object (422).
 */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly code: 'invalid' | 'unprocessable';

  constructor(code: 'invalid' | 'unprocessable', message: string) {
    super(message);
    this.code = code;
  }
}
