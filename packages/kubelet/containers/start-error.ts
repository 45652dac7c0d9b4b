/** A container that did not come to run: the reason and message of its waiting state. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** `ErrImagePull`, `CreateContainerConfigError`, … */
  readonly reason: string;
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfter: number;

  constructor(reason: string, message: string, retryAfter: number) {
    super(message);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}
