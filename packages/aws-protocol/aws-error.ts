/** What an operation throws to refuse: the code and message that AWS would give, and the error shape's other members. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** The code on the wire: `ResourceNotFoundException`, `NoSuchEntity`, `InvalidVpcID.NotFound`. */
  readonly code: string;
  /** The HTTP status; absent: what the service's table says of the code, else 400. */
  readonly status: number | undefined;
  /** Further members of the error: `{clusterName: 'demo'}`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, members: Readonly<Record<string, unknown>> = {}, status?: number) {
    super(message);
    this.code = code;
    this.members = members;
    this.status = status;
  }
}
