import { AwsError } from '@keelson/aws-protocol';
import { isAlreadyExists, isConflict } from '@keelson/client';
import type { User } from '@keelson/model/region/object-types.ts';
import type { CallContext, OperationHandler } from '../../service.ts';
import { newUniqueId } from '../../session-tokens.ts';
import type { IamOptions } from '../index.ts';
import { alreadyExists, deleteConflict, noSuchUser, validationError } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { checkBoundary } from './policy-holders.ts';
import { storedTags, type TagInput } from './tags.ts';
import { userView } from './views.ts';

interface CreateUserInput {
  readonly UserName: string;
  readonly Path?: string;
  readonly PermissionsBoundary?: string;
  readonly Tags?: readonly TagInput[];
}

/** Users, without their keys and policies. */
export function userOperations(options: IamOptions): Record<string, OperationHandler> {
  const { store, account } = options;
  return {
    CreateUser: async (input: CreateUserInput) => ({ User: userView(await createUser(options, input), account) }),
    GetUser: (input: { UserName?: string }, context) => getUser(options, input, context),
    async ListUsers(input: PageInput & { PathPrefix?: string }) {
      const users = (await store.users.list()).filter(
        ({ spec }) => spec.root !== true && spec.path.startsWith(input.PathPrefix ?? '/'),
      );
      const { items, position } = page(users, input, ({ spec }) => spec.userName);
      return { Users: items.map((user) => userView(user, account, false)), ...position };
    },
    UpdateUser: (input) => updateUser(options, input),
    DeleteUser: (input: { UserName: string }) => deleteUser(options, input.UserName),
  };
}

async function createUser(options: IamOptions, input: CreateUserInput): Promise<User> {
  const { store, world } = options;
  const taken = () => alreadyExists(`User with name ${input.UserName} already exists.`);
  const wanted = input.UserName.toLowerCase();
  const users = await store.users.list();
  if (users.some(({ spec }) => spec.userName.toLowerCase() === wanted)) throw taken();
  if (input.PermissionsBoundary !== undefined) await checkBoundary(options, input.PermissionsBoundary);
  try {
    return await store.users.resource.create({
      apiVersion: 'iam.keelson.dev/v1',
      kind: 'User',
      metadata: { name: input.UserName },
      spec: {
        userName: input.UserName,
        userId: newUniqueId(world.random, 'AIDA'),
        path: input.Path ?? '/',
        tags: storedTags(input.Tags),
        ...(input.PermissionsBoundary === undefined ? {} : { permissionsBoundary: input.PermissionsBoundary }),
      },
    });
  } catch (thrown) {
    throw isAlreadyExists(thrown) ? taken() : thrown;
  }
}

async function getUser(options: IamOptions, input: { readonly UserName?: string }, { principal }: CallContext) {
  const { store, account } = options;
  if (input.UserName === undefined && principal.kind === 'role')
    throw validationError('Must specify userName when calling with non-User credentials');
  if (input.UserName === undefined && principal.kind === 'root') {
    const user = await store.users.find(principal.name);
    return { User: { UserId: account, Arn: principal.arn, CreateDate: user?.metadata.creationTimestamp } };
  }
  const name = input.UserName ?? principal.name;
  const user = await store.users.find(name);
  if (user === undefined || user.spec.root === true) throw noSuchUser(name);
  return { User: userView(user, account) };
}

async function updateUser(
  { store }: IamOptions,
  input: { readonly UserName: string; readonly NewPath?: string; readonly NewUserName?: string },
) {
  if (input.NewUserName !== undefined && input.NewUserName !== input.UserName)
    throw new AwsError('UnsupportedOperation', 'UpdateUser with NewUserName is not supported in this region.', {}, 400);
  const changed = await store.users.change(input.UserName, (user) => {
    if (input.NewPath !== undefined) user.spec.path = input.NewPath;
  });
  if (changed === undefined) throw noSuchUser(input.UserName);
  return {};
}

async function deleteUser({ store }: IamOptions, name: string) {
  const user = await store.users.find(name);
  if (user === undefined || user.spec.root === true) throw noSuchUser(name);
  if ((user.spec.attachedPolicies ?? []).length > 0)
    throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (Object.keys(user.spec.inlinePolicies ?? {}).length > 0)
    throw deleteConflict('Cannot delete entity, must delete policies first.');
  const keys = await store.accessKeys.list();
  if (keys.some(({ spec }) => spec.userName === name))
    throw deleteConflict('Cannot delete entity, must delete access keys first.');
  await removeUnchanged(() => store.users.remove(user), noSuchUser(name));
  return {};
}

/** Deletes; when the entity was changed in between, the caller is told as IAM tells it. */
export async function removeUnchanged(remove: () => Promise<void>, gone: AwsError): Promise<void> {
  try {
    await remove();
  } catch (thrown) {
    if (isConflict(thrown))
      throw new AwsError(
        'ConcurrentModification',
        'The request was rejected because multiple requests to change this object were submitted simultaneously.',
        {},
        409,
      );
    throw (thrown as { reason?: string }).reason === 'NotFound' ? gone : thrown;
  }
}
