import type { Log } from '@keelson/base';
import type { User } from '@keelson/model/region/object-types.ts';
import type { Principal } from '../principal.ts';
import type { Sealer } from '../sealing.ts';
import type { CredentialSource, ResolvedCredentials } from '../service.ts';
import { openSession } from '../session-tokens.ts';
import { iamArn } from './arns.ts';
import type { IdentityStore } from './identity-store.ts';
import { LastUse } from './last-use.ts';

/** The purpose under which the secret of an access key is sealed. */
export function secretPurpose(accessKeyId: string): string {
  return `access-key/${accessKeyId}`;
}

export interface CredentialSourceOptions {
  readonly store: IdentityStore;
  readonly sealer: Sealer;
  readonly account: string;
  readonly log: Log;
}

/** Looks keys up where they are kept, each time: a key that was deleted or made inactive is unknown from then on. */
export function createCredentialSource(options: CredentialSourceOptions): CredentialSource {
  const lastUse = new LastUse(options.store, options.log);
  return {
    noteUse: (accessKeyId, use) => lastUse.note(accessKeyId, use),
    resolve: (accessKeyId, sessionToken, now) =>
      sessionToken === undefined
        ? resolveKey(options, accessKeyId)
        : resolveSession(options, accessKeyId, sessionToken, now),
  };
}

async function resolveKey(options: CredentialSourceOptions, accessKeyId: string): Promise<ResolvedCredentials> {
  const unknown: ResolvedCredentials = { outcome: 'unknown' };
  if (!/^AKIA[A-Z0-9]{12,124}$/.test(accessKeyId)) return unknown;
  const key = await options.store.accessKeys.find(accessKeyId);
  if (key === undefined || key.spec.status !== 'Active' || key.metadata.deletionTimestamp !== undefined) return unknown;
  const secretAccessKey = options.sealer.open(secretPurpose(accessKeyId), key.spec.sealedSecret);
  const user = await options.store.users.find(key.spec.userName);
  if (user === undefined || secretAccessKey === undefined) return unknown;
  return { outcome: 'known', secretAccessKey, principal: userPrincipal(user, options.account, accessKeyId) };
}

async function resolveSession(
  options: CredentialSourceOptions,
  accessKeyId: string,
  sessionToken: string,
  now: number,
): Promise<ResolvedCredentials> {
  const opened = openSession(options.sealer, accessKeyId, sessionToken, now);
  if (opened.outcome !== 'good') return opened;
  const { principal, secretAccessKey } = opened;
  if (!(await stillExists(options.store, principal))) return { outcome: 'unknown' };
  return { outcome: 'known', secretAccessKey, principal };
}

/** A session ends with its user or role; one made anew under the same name is another. */
async function stillExists(store: IdentityStore, principal: Principal): Promise<boolean> {
  if (principal.kind === 'role') return (await store.roles.find(principal.name))?.spec.roleId === principal.principalId;
  const user = await store.users.find(principal.name);
  return user !== undefined && (user.spec.root === true || user.spec.userId === principal.principalId);
}

/** The principal that a user's key stands for. */
export function userPrincipal(user: User, account: string, accessKeyId: string): Principal {
  const { userName, userId, path, root } = user.spec;
  const arn = root === true ? `arn:aws:iam::${account}:root` : iamArn(account, 'user', path, userName);
  const id = root === true ? account : userId;
  return {
    kind: root === true ? 'root' : 'user',
    arn,
    identityArn: arn,
    account,
    userId: id,
    principalId: id,
    name: userName,
    accessKeyId,
  };
}
