import { isAlreadyExists } from '@keelson/client';
import type { InstanceProfile, Role } from '@keelson/model/region/object-types.ts';
import type { CallContext, OperationHandler } from '../../service.ts';
import { newUniqueId } from '../../session-tokens.ts';
import { iamArn } from '../arns.ts';
import type { IamOptions } from '../index.ts';
import {
  alreadyExists,
  deleteConflict,
  limitExceeded,
  noSuchEntity,
  noSuchInstanceProfile,
  noSuchRole,
} from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { mergeTags, storedTags, type TagInput, tagsOutput, withoutTags } from './tags.ts';
import { removeUnchanged } from './users.ts';
import { instanceProfileView } from './views.ts';

interface ProfileInput {
  readonly InstanceProfileName: string;
  readonly Path?: string;
  readonly Tags?: readonly TagInput[];
}

interface ProfileRoleInput {
  readonly InstanceProfileName: string;
  readonly RoleName: string;
}

/** Instance profiles: what carries a role to an instance. */
export function instanceProfileOperations(options: IamOptions): Record<string, OperationHandler> {
  const { store } = options;
  return {
    CreateInstanceProfile: (input: ProfileInput) => createProfile(options, input),
    async GetInstanceProfile({ InstanceProfileName }: ProfileInput) {
      return { InstanceProfile: await view(options, await existing(options, InstanceProfileName)) };
    },
    async ListInstanceProfiles(input: PageInput & { PathPrefix?: string }) {
      const all = await store.instanceProfiles.list();
      const under = all.filter(({ spec }) => spec.path.startsWith(input.PathPrefix ?? '/'));
      return listed(options, under, input);
    },
    async ListInstanceProfilesForRole(input: PageInput & { RoleName: string }) {
      if ((await store.roles.find(input.RoleName)) === undefined) throw noSuchRole(input.RoleName);
      const all = await store.instanceProfiles.list();
      return listed(
        options,
        all.filter(({ spec }) => spec.roles?.includes(input.RoleName)),
        input,
      );
    },
    AddRoleToInstanceProfile: (input: ProfileRoleInput, context) => addRole(options, input, context),
    RemoveRoleFromInstanceProfile: (input: ProfileRoleInput) => removeRole(options, input),
    DeleteInstanceProfile: (input: ProfileInput) => deleteProfile(options, input.InstanceProfileName),
    TagInstanceProfile: (input: ProfileInput & { Tags: TagInput[] }) =>
      change(options, input.InstanceProfileName, ({ spec }) => {
        spec.tags = mergeTags(spec.tags ?? [], input.Tags);
      }),
    UntagInstanceProfile: (input: ProfileInput & { TagKeys: string[] }) =>
      change(options, input.InstanceProfileName, ({ spec }) => {
        spec.tags = withoutTags(spec.tags ?? [], input.TagKeys);
      }),
    async ListInstanceProfileTags(input: PageInput & ProfileInput) {
      const { spec } = await existing(options, input.InstanceProfileName);
      const { items, position } = page(spec.tags ?? [], input, ({ key }) => key);
      return { Tags: tagsOutput(items), ...position };
    },
  };
}

async function existing({ store }: IamOptions, name: string): Promise<InstanceProfile> {
  const profile = await store.instanceProfiles.find(name);
  if (profile === undefined) throw noSuchInstanceProfile(name);
  return profile;
}

async function change({ store }: IamOptions, name: string, apply: (profile: InstanceProfile) => void) {
  if ((await store.instanceProfiles.change(name, apply)) === undefined) throw noSuchInstanceProfile(name);
  return {};
}

async function view({ store, account }: IamOptions, profile: InstanceProfile, whole = true) {
  const roles: Role[] = [];
  for (const name of profile.spec.roles ?? []) {
    const role = await store.roles.find(name);
    if (role !== undefined) roles.push(role);
  }
  return instanceProfileView(profile, roles, account, whole);
}

async function listed(options: IamOptions, profiles: readonly InstanceProfile[], input: PageInput) {
  const { items, position } = page(profiles, input, ({ spec }) => spec.instanceProfileName);
  return { InstanceProfiles: await Promise.all(items.map((profile) => view(options, profile, false))), ...position };
}

async function createProfile(options: IamOptions, input: ProfileInput) {
  const { store, world, account } = options;
  const name = input.InstanceProfileName;
  const taken = () => alreadyExists(`Instance Profile ${name} already exists.`);
  const all = await store.instanceProfiles.list();
  if (all.some(({ spec }) => spec.instanceProfileName.toLowerCase() === name.toLowerCase())) throw taken();
  try {
    const profile = await store.instanceProfiles.resource.create({
      apiVersion: 'iam.keelson.dev/v1',
      kind: 'InstanceProfile',
      metadata: { name },
      spec: {
        instanceProfileName: name,
        instanceProfileId: newUniqueId(world.random, 'AIPA'),
        path: input.Path ?? '/',
        roles: [],
        tags: storedTags(input.Tags),
      },
    });
    return { InstanceProfile: instanceProfileView(profile, [], account) };
  } catch (thrown) {
    throw isAlreadyExists(thrown) ? taken() : thrown;
  }
}

async function addRole(options: IamOptions, input: ProfileRoleInput, context: CallContext) {
  const role = await options.store.roles.find(input.RoleName);
  if (role === undefined) throw noSuchRole(input.RoleName);
  await context.authorize('iam:PassRole', iamArn(options.account, 'role', role.spec.path, role.spec.roleName));
  return change(options, input.InstanceProfileName, ({ spec }) => {
    if ((spec.roles ?? []).length > 0)
      throw limitExceeded('Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1');
    spec.roles = [input.RoleName];
  });
}

async function removeRole(options: IamOptions, input: ProfileRoleInput) {
  if ((await options.store.roles.find(input.RoleName)) === undefined) throw noSuchRole(input.RoleName);
  return change(options, input.InstanceProfileName, ({ spec }) => {
    if (!spec.roles?.includes(input.RoleName))
      throw noSuchEntity(`Role with name ${input.RoleName} is not in instance profile ${input.InstanceProfileName}.`);
    spec.roles = [];
  });
}

async function deleteProfile(options: IamOptions, name: string) {
  const profile = await existing(options, name);
  if ((profile.spec.roles ?? []).length > 0)
    throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
  await removeUnchanged(() => options.store.instanceProfiles.remove(profile), noSuchInstanceProfile(name));
  return {};
}
