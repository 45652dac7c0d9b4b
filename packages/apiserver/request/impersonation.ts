import type { UserInfo } from '../authentication/contract.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { authorize } from './authorize.ts';
import { badRequest } from './status-error.ts';

type Headers = Readonly<Record<string, string>>;

const extraPrefix = 'impersonate-extra-';
const authenticationGroup = 'authentication.k8s.io';

/** Who the request wants to be taken for; undefined when it does not ask. @throws StatusError 400 */
function wanted(headers: Headers): UserInfo | undefined {
  const name = headers['impersonate-user'] ?? '';
  const groups = listOf(headers['impersonate-group']);
  const uid = headers['impersonate-uid'] ?? '';
  const extra: [string, string[]][] = [];
  for (const header of Object.keys(headers)) {
    if (!header.startsWith(extraPrefix)) continue;
    extra.push([decoded(header.slice(extraPrefix.length)), listOf(headers[header])]);
  }
  if (name === '') {
    if (groups.length > 0 || uid !== '' || extra.length > 0)
      throw badRequest('requested impersonation of groups, uid or extra without impersonating a user');
    return undefined;
  }
  return {
    name,
    groups,
    ...(uid === '' ? {} : { uid }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

function listOf(header: string | undefined): string[] {
  return header === undefined || header === '' ? [] : header.split(',').map((part) => part.trim());
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/**
 * The user that a request acts as: `user`, or whom its Impersonate- headers name, when `user` may do that
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation).
 * @throws StatusError 400 or 403
 */
export async function impersonated(user: UserInfo, headers: Headers, authorizer: Authorizer): Promise<UserInfo> {
  if (headers['impersonate-user'] === undefined && headers['impersonate-group'] === undefined) {
    if (headers['impersonate-uid'] === undefined) return user;
  }
  const target = wanted(headers);
  if (target === undefined) return user;
  const may = (part: Partial<Attributes>) => authorize(authorizer, { ...impersonation, user, ...part });
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(target.name);
  if (account) await may({ resource: 'serviceaccounts', namespace: account[1]!, name: account[2]! });
  else await may({ resource: 'users', name: target.name });
  for (const name of target.groups) await may({ resource: 'groups', name });
  if (target.uid !== undefined) await may({ apiGroup: authenticationGroup, resource: 'uids', name: target.uid });
  for (const [key, values] of Object.entries(target.extra ?? {})) {
    for (const name of values)
      await may({ apiGroup: authenticationGroup, resource: 'userextras', subresource: key, name });
  }
  return { ...target, groups: groupsOf(target, account?.[1]) };
}

const impersonation: Omit<Attributes, 'user'> = {
  verb: 'impersonate',
  resourceRequest: true,
  namespace: '',
  apiGroup: '',
  apiVersion: 'v1',
  resource: '',
  subresource: '',
  name: '',
  path: '',
};

/** A service account is in its groups when none were named; everybody known is in system:authenticated. */
function groupsOf(target: UserInfo, serviceAccountNamespace: string | undefined): readonly string[] {
  const groups = [...target.groups];
  if (serviceAccountNamespace !== undefined && groups.length === 0)
    groups.push('system:serviceaccounts', `system:serviceaccounts:${serviceAccountNamespace}`);
  const general = target.name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  const settled = groups.includes('system:authenticated') || groups.includes('system:unauthenticated');
  return settled ? groups : [...groups, general];
}
