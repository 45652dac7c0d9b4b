import { eksPolicies } from './managed-policies-eks.ts';
import { generalPolicies } from './managed-policies-general.ts';

/** A policy that AWS manages, as data: its name with its path, and who may do what. */
export interface ManagedPolicy {
  /** `AdministratorAccess`, `service-role/AmazonEBSCSIDriverPolicy`. */
  readonly name: string;
  readonly statements: readonly ManagedStatement[];
}

export interface ManagedStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const prefix = 'arn:aws:iam::aws:policy/';

const documents: ReadonlyMap<string, string> = new Map(
  [...generalPolicies, ...eksPolicies].map(({ name, statements }) => [
    prefix + name,
    JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  ]),
);

/** The document (JSON) of a policy that AWS manages; undefined for other ARNs. */
export function managedPolicyDocument(arn: string): string | undefined {
  return documents.get(arn);
}

/** ARNs of every policy of AWS that is known here. */
export const managedPolicyArns: readonly string[] = [...documents.keys()].sort();
