/** Who signed a request. */
export interface Principal {
  readonly kind: 'root' | 'user' | 'role';
  /**
   * As GetCallerIdentity shows it: `arn:aws:iam::000000000000:user/alice`, `arn:aws:iam::000000000000:root`,
   * `arn:aws:sts::000000000000:assumed-role/ROLE/SESSION`.
   */
  readonly arn: string;
  /** The IAM identity behind it, with its path: for a session the role's ARN, else the same as `arn`. */
  readonly identityArn: string;
  readonly account: string;
  /** As GetCallerIdentity shows it: `AIDA…`, `AROA…:SESSION`, the account's number for its root. */
  readonly userId: string;
  /** The unique id of the user or role: `AIDA…`, `AROA…`; the account's number for its root. */
  readonly principalId: string;
  /** The name of the user or role; `root` for the account. */
  readonly name: string;
  /** The key that signed the request. */
  readonly accessKeyId: string;
  /** Of an assumed role. */
  readonly sessionName?: string;
  /** A session policy (JSON): what the session may do is cut down to what it allows. */
  readonly sessionPolicy?: string;
  readonly sessionTags?: Readonly<Record<string, string>>;
}
