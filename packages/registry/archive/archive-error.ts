/** What can be wrong with an image archive. */
export type ArchiveErrorCode =
  /** It is neither an OCI layout nor what `docker save` writes. */
  | 'NotAnImageArchive'
  /** It is no tar, or damaged. */
  | 'Damaged'
  /** It ends in the middle. */
  | 'Truncated'
  /** A name in it leads outside. */
  | 'UnsafePath'
  /** It uses a feature of tar or OCI that is not read. */
  | 'Unsupported'
  /** It is larger than a limit, or grows beyond reason when it is unpacked. */
  | 'TooLarge'
  /** A content is not what its digest says. */
  | 'DigestMismatch'
  /** It refers to a content that it does not carry. */
  | 'Incomplete'
  /** An image has no name in it and none was given, or one name was given for several images. */
  | 'NameNeeded';

/** An archive that is not loaded, and why. Nothing of it appears under any name. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
