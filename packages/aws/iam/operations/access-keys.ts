import type { AccessKey } from '@keelson/model/region/object-types.ts';
import type { CallContext, OperationHandler } from '../../service.ts';
import { newAccessKeyId, newSecretAccessKey } from '../../session-tokens.ts';
import { newAccessKey } from '../bootstrap.ts';
import type { IamOptions } from '../index.ts';
import { limitExceeded, noSuchEntity, noSuchUser, validationError } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { accessKeyView } from './views.ts';

const mostKeys = 2;

/** Access keys of users. A secret is shown once, when it is made, and sealed in the store. */
export function accessKeyOperations(options: IamOptions): Record<string, OperationHandler> {
  const { store } = options;
  return {
    CreateAccessKey: (input: { UserName?: string }, context) => createAccessKey(options, userOf(input, context)),
    async ListAccessKeys(input: PageInput & { UserName?: string }, context) {
      const userName = userOf(input, context);
      await existingUser(options, userName);
      const own = (await store.accessKeys.list()).filter(({ spec }) => spec.userName === userName);
      const { items, position } = page(own, input, ({ metadata }) => metadata.name!);
      return { AccessKeyMetadata: items.map(accessKeyView), ...position };
    },
    async UpdateAccessKey(input: { UserName?: string; AccessKeyId: string; Status: string }, context) {
      if (input.Status !== 'Active' && input.Status !== 'Inactive')
        throw validationError(`The access key status ${input.Status} is not valid.`);
      await ownKey(options, input.AccessKeyId, userOf(input, context));
      await store.accessKeys.change(input.AccessKeyId, (key) => {
        key.spec.status = input.Status;
      });
      return {};
    },
    async DeleteAccessKey(input: { UserName?: string; AccessKeyId: string }, context) {
      const key = await ownKey(options, input.AccessKeyId, userOf(input, context));
      await store.accessKeys.resource.delete(key.metadata.name!);
      return {};
    },
    async GetAccessKeyLastUsed(input: { AccessKeyId: string }) {
      const key = await store.accessKeys.find(input.AccessKeyId);
      if (key === undefined) throw noSuchKey(input.AccessKeyId);
      const { lastUsedTime, lastUsedRegion = 'N/A', lastUsedService = 'N/A' } = key.status ?? {};
      const AccessKeyLastUsed = { LastUsedDate: lastUsedTime, Region: lastUsedRegion, ServiceName: lastUsedService };
      return { UserName: key.spec.userName, AccessKeyLastUsed };
    },
  };
}

/** The user that a call is about: the one named, or the caller. */
function userOf(input: { readonly UserName?: string }, { principal }: CallContext): string {
  if (input.UserName !== undefined) return input.UserName;
  if (principal.kind === 'role') throw validationError('Must specify userName when calling with non-User credentials');
  return principal.name;
}

async function existingUser({ store }: IamOptions, name: string): Promise<void> {
  if ((await store.users.find(name)) === undefined) throw noSuchUser(name);
}

function noSuchKey(id: string) {
  return noSuchEntity(`The Access Key with id ${id} cannot be found.`);
}

async function ownKey(options: IamOptions, id: string, userName: string): Promise<AccessKey> {
  await existingUser(options, userName);
  const key = await options.store.accessKeys.find(id);
  if (key === undefined || key.spec.userName !== userName) throw noSuchKey(id);
  return key;
}

async function createAccessKey(options: IamOptions, userName: string) {
  const { store, world, sealer } = options;
  await existingUser(options, userName);
  const own = (await store.accessKeys.list()).filter(({ spec }) => spec.userName === userName);
  if (own.length >= mostKeys) throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${mostKeys}`);
  const secret = newSecretAccessKey(world.random);
  const made = newAccessKey(newAccessKeyId(world.random, 'AKIA'), userName, secret, sealer);
  const key = await store.accessKeys.resource.create(made);
  return { AccessKey: { ...accessKeyView(key), SecretAccessKey: secret } };
}
