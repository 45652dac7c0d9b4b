/**
 * The written form of a service's table, as tools/aws-types makes it. Short keys, because EC2's has seven thousand
 * members; `ServiceTable` is the form to work with.
 */
export interface RawTable {
  readonly name: string;
  readonly serviceId: string;
  readonly protocol: 'restJson1' | 'awsJson1_0' | 'awsJson1_1' | 'awsQuery' | 'ec2Query';
  readonly apiVersion: string;
  readonly xmlNamespace?: string;
  /** What stands before the operation in X-Amz-Target. */
  readonly target: string;
  readonly operations: Readonly<Record<string, RawOperation>>;
  /** Shape name to the code on the wire and the HTTP status. */
  readonly errors: Readonly<Record<string, readonly [string, number]>>;
  readonly enumerations: Readonly<Record<string, readonly string[]>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

export interface RawOperation {
  /** `#Shape`, or `unit`. */
  readonly input: string;
  readonly output: string;
  /** Method, path template and status of success. */
  readonly http?: readonly [string, string, number];
  /** Shape names of the errors that the documentation of the operation names. */
  readonly errors: readonly string[];
}

export type RawShape =
  | { readonly members: Readonly<Record<string, RawMember>>; readonly union?: 1 }
  | { readonly list: RawMember }
  | { readonly map: readonly [RawMember, RawMember] };

/** A type alone, or with facts. A type is `string`, `integer`, …, `list:<type>`, `map:<type of value>` or `#Shape`. */
export type RawMember =
  | string
  | {
      readonly t: string;
      /** Required. */
      readonly r?: 1;
      /** HTTP binding: `label`, `payload`, `query:<name>`, `header:<name>`. */
      readonly h?: string;
      readonly x?: string;
      /** The name in an EC2 query. */
      readonly q?: string;
      readonly j?: string;
      /** Flattened in XML and queries. */
      readonly f?: 1;
      /** The client's idempotency token. */
      readonly k?: 1;
      readonly min?: number;
      readonly max?: number;
      readonly p?: string;
      /** Name of an enumeration. */
      readonly e?: string;
    };
