import type { UserInfo } from '../authentication/contract.ts';
import {
  anonymousUser,
  authenticatedGroup,
  serviceAccountGroups,
  unauthenticatedGroup,
} from '../authentication/well-known-users.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { authorize } from './authorize.ts';
import { badRequest } from './status-error.ts';

type Headers = Readonly<Record<string, string>>;

const extraPrefix = 'impersonate-extra-';
const authenticationGroup = 'authentication.k8s.io';

/** One thing that a request wants to be taken for, as upstream names it: a reference to an object. */
interface Wish {
  readonly kind: 'User' | 'ServiceAccount' | 'Group' | 'UserExtra' | 'UID';
  readonly namespace: string;
  readonly name: string;
  /** The key of an extra value. */
  readonly key: string;
}

function wish(kind: Wish['kind'], name: string, namespace = '', key = ''): Wish {
  return { kind, namespace, name, key };
}

/** Go's form of a core/v1 ObjectReference. */
function shown({ kind, namespace, name, key }: Wish): string {
  const version = kind === 'UserExtra' || kind === 'UID' ? `${authenticationGroup}/v1` : '';
  return `{${[kind, namespace, name, '', version, '', key].join(' ')}}`;
}

function listOf(header: string | undefined): string[] {
  return header === undefined ? [] : header.split(',').map((part) => part.trim());
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Everything that the headers ask for, in upstream's order. @throws StatusError 400 */
function wishesOf(headers: Headers): Wish[] {
  const wishes: Wish[] = [];
  const name = headers['impersonate-user'] ?? '';
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) wishes.push(wish('ServiceAccount', account[2]!, account[1]!));
  else if (name !== '') wishes.push(wish('User', name));
  for (const group of listOf(headers['impersonate-group'])) wishes.push(wish('Group', group));
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    const key = decoded(header.slice(extraPrefix.length));
    for (const value of listOf(headers[header])) wishes.push(wish('UserExtra', value, '', key));
  }
  const uid = headers['impersonate-uid'] ?? '';
  if (uid !== '') wishes.push(wish('UID', uid));
  if (name === '' && wishes.length > 0)
    throw badRequest(`requested [${wishes.map(shown).join(' ')}] without impersonating a user`);
  return wishes;
}

const resources: Readonly<Record<Wish['kind'], string>> = {
  User: 'users',
  ServiceAccount: 'serviceaccounts',
  Group: 'groups',
  UserExtra: 'userextras',
  UID: 'uids',
};

/** What the authorisers are asked. */
function attributesOf(user: UserInfo, { kind, namespace, name, key }: Wish): Attributes {
  return {
    user,
    verb: 'impersonate',
    resourceRequest: true,
    namespace,
    apiGroup: kind === 'UserExtra' || kind === 'UID' ? authenticationGroup : '',
    apiVersion: 'v1',
    resource: resources[kind],
    subresource: key,
    name,
    path: '',
  };
}

/** Whether a request may want to be taken for somebody else. Most do not, and are not looked at further. */
function asks(headers: Headers): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/**
 * The user that a request acts as: `user`, or whom its Impersonate- headers name, when `user` may do that
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation).
 * @throws StatusError 400 or 403
 */
export async function impersonated(user: UserInfo, headers: Headers, authorizer: Authorizer): Promise<UserInfo> {
  if (!asks(headers)) return user;
  const wishes = wishesOf(headers);
  if (wishes.length === 0) return user;
  for (const one of wishes) await authorize(authorizer, attributesOf(user, one));
  const groups = wishes.filter(({ kind }) => kind === 'Group').map(({ name }) => name);
  const [target] = wishes as [Wish];
  const name = headers['impersonate-user']!;
  const extra: Record<string, string[]> = {};
  for (const { kind, key, name: value } of wishes)
    if (kind === 'UserExtra')
      Object.defineProperty(extra, key, { ...plain, value: [...(own(extra, key) ?? []), value] });
  const uid = wishes.find(({ kind }) => kind === 'UID')?.name;
  const known =
    target.kind === 'ServiceAccount' && groups.length === 0 ? serviceAccountGroups(target.namespace) : groups;
  return {
    name,
    groups: withGeneralGroup(name, known),
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

const plain = { enumerable: true, configurable: true, writable: true };

function own(extra: Readonly<Record<string, string[]>>, key: string): string[] | undefined {
  return Object.hasOwn(extra, key) ? extra[key] : undefined;
}

/** Everybody known is in system:authenticated, unless the groups that were named say otherwise. */
function withGeneralGroup(name: string, groups: readonly string[]): readonly string[] {
  if (name === anonymousUser) return groups.includes(unauthenticatedGroup) ? groups : [...groups, unauthenticatedGroup];
  const settled = groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup);
  return settled ? groups : [...groups, authenticatedGroup];
}
