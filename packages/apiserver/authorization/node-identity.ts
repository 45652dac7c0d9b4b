import type { UserInfo } from '../authentication/contract.ts';
import { nodesGroup, nodeUserPrefix } from '../authentication/well-known-users.ts';

/** The node that `user` is: undefined when it is none, '' when it is one that cannot be told. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(nodeUserPrefix)) return undefined;
  return user.groups.includes(nodesGroup) ? user.name.slice(nodeUserPrefix.length) : undefined;
}
