import { isAlreadyExists } from '@keelson/client';
import type { Role } from '@keelson/model/region/object-types.ts';
import type { OperationHandler } from '../../service.ts';
import { newUniqueId } from '../../session-tokens.ts';
import type { IamOptions } from '../index.ts';
import { alreadyExists, deleteConflict, limitExceeded, noSuchRole, protectedRole } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { checkBoundary } from './policy-holders.ts';
import { checkTrustPolicy } from './policy-texts.ts';
import { storedTags, type TagInput } from './tags.ts';
import { removeUnchanged } from './users.ts';
import { newRoleView, roleView } from './views.ts';

const mostRoles = 5000;
const defaultSessionDuration = 3600;

interface CreateRoleInput {
  readonly RoleName: string;
  readonly AssumeRolePolicyDocument: string;
  readonly Path?: string;
  readonly Description?: string;
  readonly MaxSessionDuration?: number;
  readonly PermissionsBoundary?: string;
  readonly Tags?: readonly TagInput[];
}

interface UpdateRoleInput {
  readonly RoleName: string;
  readonly Description?: string;
  readonly MaxSessionDuration?: number;
}

/** Roles, without their policies. */
export function roleOperations(options: IamOptions): Record<string, OperationHandler> {
  const { store, account } = options;
  const update = async (input: UpdateRoleInput): Promise<Role> =>
    changeRole(options, input.RoleName, ({ spec }) => {
      if (input.Description !== undefined) spec.description = input.Description;
      if (input.MaxSessionDuration !== undefined) spec.maxSessionDuration = input.MaxSessionDuration;
    });
  return {
    async CreateRole(input: CreateRoleInput) {
      checkTrustPolicy(input.AssumeRolePolicyDocument);
      if (input.PermissionsBoundary !== undefined) await checkBoundary(options, input.PermissionsBoundary);
      return { Role: newRoleView(await createRole(options, input), account) };
    },
    async GetRole({ RoleName }: { RoleName: string }) {
      const role = await store.roles.find(RoleName);
      if (role === undefined) throw noSuchRole(RoleName);
      return { Role: roleView(role, account) };
    },
    async ListRoles(input: PageInput & { PathPrefix?: string }) {
      const roles = (await store.roles.list()).filter(({ spec }) => spec.path.startsWith(input.PathPrefix ?? '/'));
      const { items, position } = page(roles, input, ({ spec }) => spec.roleName);
      return { Roles: items.map((role) => roleView(role, account, false)), ...position };
    },
    async UpdateRole(input: UpdateRoleInput) {
      await update(input);
      return {};
    },
    UpdateRoleDescription: async (input: UpdateRoleInput) => ({ Role: roleView(await update(input), account) }),
    async UpdateAssumeRolePolicy(input: { RoleName: string; PolicyDocument: string }) {
      checkTrustPolicy(input.PolicyDocument);
      await changeRole(options, input.RoleName, ({ spec }) => {
        spec.assumeRolePolicyDocument = input.PolicyDocument;
      });
      return {};
    },
    DeleteRole: (input: { RoleName: string }) => deleteRole(options, input.RoleName),
  };
}

/** Changes a role that is not AWS' own. */
export async function changeRole({ store }: IamOptions, name: string, change: (role: Role) => void): Promise<Role> {
  const changed = await store.roles.change(name, (role) => {
    if (role.spec.serviceName !== undefined) throw protectedRole(name);
    change(role);
  });
  if (changed === undefined) throw noSuchRole(name);
  return changed;
}

/** Makes the role's object. The trust policy has been checked. */
export async function createRole(
  { store, world }: IamOptions,
  input: CreateRoleInput,
  further: Partial<Role['spec']> = {},
): Promise<Role> {
  const taken = () => alreadyExists(`Role with name ${input.RoleName} already exists.`);
  const roles = await store.roles.list();
  const wanted = input.RoleName.toLowerCase();
  if (roles.some(({ spec }) => spec.roleName.toLowerCase() === wanted)) throw taken();
  if (roles.length >= mostRoles) throw limitExceeded(`Cannot exceed quota for RolesPerAccount: ${mostRoles}`);
  try {
    return await store.roles.resource.create({
      apiVersion: 'iam.keelson.dev/v1',
      kind: 'Role',
      metadata: { name: input.RoleName },
      spec: {
        roleName: input.RoleName,
        roleId: newUniqueId(world.random, 'AROA'),
        path: input.Path ?? '/',
        assumeRolePolicyDocument: input.AssumeRolePolicyDocument,
        maxSessionDuration: input.MaxSessionDuration ?? defaultSessionDuration,
        tags: storedTags(input.Tags),
        ...(input.Description === undefined ? {} : { description: input.Description }),
        ...(input.PermissionsBoundary === undefined ? {} : { permissionsBoundary: input.PermissionsBoundary }),
        ...further,
      },
    });
  } catch (thrown) {
    throw isAlreadyExists(thrown) ? taken() : thrown;
  }
}

async function deleteRole({ store }: IamOptions, name: string) {
  const role = await store.roles.find(name);
  if (role === undefined) throw noSuchRole(name);
  if (role.spec.serviceName !== undefined) throw protectedRole(name);
  const profiles = await store.instanceProfiles.list();
  if (profiles.some(({ spec }) => spec.roles?.includes(name)))
    throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
  if ((role.spec.attachedPolicies ?? []).length > 0)
    throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (Object.keys(role.spec.inlinePolicies ?? {}).length > 0)
    throw deleteConflict('Cannot delete entity, must delete policies first.');
  await removeUnchanged(() => store.roles.remove(role), noSuchRole(name));
  return {};
}
