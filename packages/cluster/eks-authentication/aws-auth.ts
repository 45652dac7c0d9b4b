import { parse } from 'yaml';
import type { EksIdentity } from './identity.ts';
import { fillTemplate } from './username-template.ts';

/** One line of aws-auth: whom it means, and who that is in the cluster. */
export interface AwsAuthMapping {
  readonly kind: 'role' | 'user';
  readonly arn: string;
  readonly username: string;
  readonly groups: readonly string[];
}

/** The ConfigMap kube-system/aws-auth, read. */
export interface AwsAuth {
  readonly mappings: readonly AwsAuthMapping[];
  /** Accounts whose users all get in, under their own ARN and without groups. */
  readonly accounts: readonly string[];
  /** What could not be read; it maps nobody. */
  readonly problems: readonly string[];
}

const aliasLimit = 0;

function entriesOf(text: string | undefined, key: string, problems: string[]): unknown[] {
  if (text === undefined || text.trim() === '') return [];
  try {
    const value: unknown = parse(text, { maxAliasCount: aliasLimit });
    if (Array.isArray(value)) return value;
    problems.push(`${key} is no list`);
  } catch (error) {
    problems.push(`${key}: ${(error as Error).message}`);
  }
  return [];
}

function mappingOf(kind: 'role' | 'user', entry: unknown, key: string, problems: string[]): AwsAuthMapping[] {
  const fields = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
  const arn = fields[kind === 'role' ? 'rolearn' : 'userarn'];
  if (typeof arn !== 'string' || arn === '') {
    problems.push(`${key}: an entry has no ${kind}arn`);
    return [];
  }
  const username = typeof fields['username'] === 'string' ? fields['username'] : '';
  const groups = Array.isArray(fields['groups']) ? fields['groups'].filter((name) => typeof name === 'string') : [];
  return [{ kind, arn, username, groups }];
}

/** Reads the data of kube-system/aws-auth. A part that cannot be read maps nobody and is told in `problems`. */
export function parseAwsAuth(data: Readonly<Record<string, string>> | undefined): AwsAuth {
  const problems: string[] = [];
  const roles = entriesOf(data?.['mapRoles'], 'mapRoles', problems);
  const users = entriesOf(data?.['mapUsers'], 'mapUsers', problems);
  const accounts = entriesOf(data?.['mapAccounts'], 'mapAccounts', problems);
  return {
    mappings: [
      ...roles.flatMap((entry) => mappingOf('role', entry, 'mapRoles', problems)),
      ...users.flatMap((entry) => mappingOf('user', entry, 'mapUsers', problems)),
    ],
    accounts: accounts.map(String),
    problems,
  };
}

/** Who `identity` is in the cluster by aws-auth; undefined when it is nobody. ARNs are compared without case. */
export function mapByAwsAuth(
  awsAuth: AwsAuth,
  identity: EksIdentity,
): { readonly username: string; readonly groups: readonly string[] } | undefined {
  const wanted = identity.canonicalArn.toLowerCase();
  const mapping = awsAuth.mappings.find((entry) => entry.arn.toLowerCase() === wanted);
  if (mapping) {
    const username = fillTemplate(mapping.username === '' ? identity.canonicalArn : mapping.username, identity);
    const groups = mapping.groups.map((group) => fillTemplate(group, identity));
    if (username === undefined || groups.includes(undefined)) return undefined;
    return { username, groups: groups as string[] };
  }
  return awsAuth.accounts.includes(identity.accountId) ? { username: identity.canonicalArn, groups: [] } : undefined;
}
