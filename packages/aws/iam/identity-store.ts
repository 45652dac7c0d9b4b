import { type Client, isConflict, isNotFound, type ResourceClient } from '@keelson/client';
import {
  accessKeys,
  accounts,
  instanceProfiles,
  policies,
  roles,
  users,
} from '@keelson/client/region-resources/iam.ts';
import type { ApiObject } from '@keelson/model';
import type { AccessKey, Account, InstanceProfile, Policy, Role, User } from '@keelson/model/region/object-types.ts';

/** Attempts to change an object before its writer is told that somebody else always wins. */
const mostAttempts = 16;

/** One kind of identity in the region's API. */
export class IdentityCollection<T extends ApiObject> {
  readonly resource: ResourceClient<T>;

  constructor(resource: ResourceClient<T>) {
    this.resource = resource;
  }

  async find(name: string): Promise<T | undefined> {
    // What IAM allows in no name cannot be one; and it could not be asked for.
    if (!/^[\w+=,.@-]{1,128}$/.test(name) || name === '.' || name === '..') return undefined;
    try {
      return await this.resource.get(name);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async list(): Promise<T[]> {
    return (await this.resource.list()).items;
  }

  /**
   * Changes the object as it is now: `change` may be called again when somebody else was faster. Undefined when there is
   * no such object.
   */
  async change(name: string, change: (object: T) => void): Promise<T | undefined> {
    for (let attempt = 1; ; attempt++) {
      const object = await this.find(name);
      if (object === undefined) return undefined;
      change(object);
      try {
        return await this.resource.update(object);
      } catch (thrown) {
        if (isNotFound(thrown)) return undefined;
        if (!isConflict(thrown) || attempt >= mostAttempts) throw thrown;
      }
    }
  }

  /** Removes the very object that was looked at: not a newer state of it, in which it may be in use. */
  async remove(object: T): Promise<void> {
    const { name, uid, resourceVersion } = object.metadata!;
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    await this.resource.delete(name!, undefined, { preconditions });
  }
}

/** The account's identities, as objects of the region. */
export interface IdentityStore {
  readonly accounts: IdentityCollection<Account>;
  readonly users: IdentityCollection<User>;
  readonly accessKeys: IdentityCollection<AccessKey>;
  readonly roles: IdentityCollection<Role>;
  readonly instanceProfiles: IdentityCollection<InstanceProfile>;
  readonly policies: IdentityCollection<Policy>;
}

export function identityStore(client: Client): IdentityStore {
  return {
    accounts: new IdentityCollection(client.resource(accounts)),
    users: new IdentityCollection(client.resource(users)),
    accessKeys: new IdentityCollection(client.resource(accessKeys)),
    roles: new IdentityCollection(client.resource(roles)),
    instanceProfiles: new IdentityCollection(client.resource(instanceProfiles)),
    policies: new IdentityCollection(client.resource(policies)),
  };
}
