import { createHash } from 'node:crypto';
import { rfc3339 } from '@keelson/base';
import { isAlreadyExists } from '@keelson/client';
import type { Policy } from '@keelson/model/region/object-types.ts';
import type { OperationHandler } from '../../service.ts';
import { newUniqueId } from '../../session-tokens.ts';
import { iamArn, nameInArn } from '../arns.ts';
import type { IamOptions } from '../index.ts';
import { managedPolicyArns, managedPolicyDocument } from '../managed-policies.ts';
import { alreadyExists, deleteConflict, noSuchPolicy } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { checkManagedPolicy } from './policy-texts.ts';
import { mergeTags, storedTags, type TagInput, tagsOutput, withoutTags } from './tags.ts';
import { removeUnchanged } from './users.ts';
import { type PolicyUsage, policyView } from './views.ts';

interface CreatePolicyInput {
  readonly PolicyName: string;
  readonly PolicyDocument: string;
  readonly Path?: string;
  readonly Description?: string;
  readonly Tags?: readonly TagInput[];
}

interface ListPoliciesInput extends PageInput {
  readonly Scope?: 'All' | 'AWS' | 'Local';
  readonly OnlyAttached?: boolean;
  readonly PathPrefix?: string;
}

/** Managed policies: the account's own, and those of AWS that are known here. */
export function policyOperations(options: IamOptions): Record<string, OperationHandler> {
  return {
    CreatePolicy: (input: CreatePolicyInput) => createPolicy(options, input),
    GetPolicy: (input: { PolicyArn: string }) => getPolicy(options, input.PolicyArn),
    ListPolicies: (input: ListPoliciesInput) => listPolicies(options, input),
    DeletePolicy: (input: { PolicyArn: string }) => deletePolicy(options, input.PolicyArn),
    ListEntitiesForPolicy: (input) => listEntities(options, input),
    async TagPolicy(input: { PolicyArn: string; Tags: TagInput[] }) {
      await changePolicy(options, input.PolicyArn, ({ spec }) => {
        spec.tags = mergeTags(spec.tags ?? [], input.Tags);
      });
      return {};
    },
    async UntagPolicy(input: { PolicyArn: string; TagKeys: string[] }) {
      await changePolicy(options, input.PolicyArn, ({ spec }) => {
        spec.tags = withoutTags(spec.tags ?? [], input.TagKeys);
      });
      return {};
    },
    async ListPolicyTags(input: PageInput & { PolicyArn: string }) {
      const { spec } = await ownPolicy(options, input.PolicyArn);
      const { items, position } = page(spec.tags ?? [], input, ({ key }) => key);
      return { Tags: tagsOutput(items), ...position };
    },
  };
}

/** The account's own policy of this ARN. @throws AwsError NoSuchEntity. */
export async function ownPolicy({ store, account }: IamOptions, arn: string): Promise<Policy> {
  const policy = await store.policies.find(nameInArn(arn));
  if (policy === undefined || iamArn(account, 'policy', policy.spec.path, policy.spec.policyName) !== arn)
    throw noSuchPolicy(arn);
  return policy;
}

export async function changePolicy(
  options: IamOptions,
  arn: string,
  change: (policy: Policy) => void,
): Promise<Policy> {
  const { metadata } = await ownPolicy(options, arn);
  const changed = await options.store.policies.change(metadata.name!, change);
  if (changed === undefined) throw noSuchPolicy(arn);
  return changed;
}

async function createPolicy(options: IamOptions, input: CreatePolicyInput) {
  const { store, world, account } = options;
  checkManagedPolicy(input.PolicyDocument);
  const taken = () =>
    alreadyExists(`A policy called ${input.PolicyName} already exists. Duplicate names are not allowed.`);
  const wanted = input.PolicyName.toLowerCase();
  if ((await store.policies.list()).some(({ spec }) => spec.policyName.toLowerCase() === wanted)) throw taken();
  try {
    const policy = await store.policies.resource.create({
      apiVersion: 'iam.keelson.dev/v1',
      kind: 'Policy',
      metadata: { name: input.PolicyName },
      spec: {
        policyName: input.PolicyName,
        policyId: newUniqueId(world.random, 'ANPA'),
        path: input.Path ?? '/',
        defaultVersionId: 'v1',
        versions: [{ versionId: 'v1', document: input.PolicyDocument, createDate: rfc3339(world.clock.now()) }],
        tags: storedTags(input.Tags),
        ...(input.Description === undefined ? {} : { description: input.Description }),
      },
    });
    const { Description: _shownByGetOnly, ...view } = policyView(policy, account, { attached: 0, boundary: 0 });
    return { Policy: view };
  } catch (thrown) {
    throw isAlreadyExists(thrown) ? taken() : thrown;
  }
}

interface Usages {
  of(arn: string): PolicyUsage;
}

/** How often each policy is used, counted over users and roles. */
async function countUsages({ store }: IamOptions): Promise<Usages> {
  const attached = new Map<string, number>();
  const boundary = new Map<string, number>();
  const add = (counts: Map<string, number>, arn: string) => counts.set(arn, (counts.get(arn) ?? 0) + 1);
  for (const { spec } of [...(await store.users.list()), ...(await store.roles.list())]) {
    for (const arn of spec.attachedPolicies ?? []) add(attached, arn);
    if (spec.permissionsBoundary !== undefined) add(boundary, spec.permissionsBoundary);
  }
  return { of: (arn) => ({ attached: attached.get(arn) ?? 0, boundary: boundary.get(arn) ?? 0 }) };
}

/** A policy of AWS. Its id is the same in every account. */
function awsPolicyView(arn: string, usage: PolicyUsage) {
  const path = arn.slice(arn.indexOf(':policy') + ':policy'.length, arn.lastIndexOf('/') + 1);
  const id = createHash('sha256').update(arn).digest('hex').toUpperCase().replace(/[01]/g, 'X').slice(0, 17);
  return {
    PolicyName: nameInArn(arn),
    PolicyId: `ANPA${id}`,
    Arn: arn,
    Path: path,
    DefaultVersionId: 'v1',
    AttachmentCount: usage.attached,
    PermissionsBoundaryUsageCount: usage.boundary,
    IsAttachable: true,
  };
}

async function getPolicy(options: IamOptions, arn: string) {
  const usages = await countUsages(options);
  if (managedPolicyDocument(arn) !== undefined) return { Policy: awsPolicyView(arn, usages.of(arn)) };
  return { Policy: policyView(await ownPolicy(options, arn), options.account, usages.of(arn)) };
}

async function listPolicies(options: IamOptions, input: ListPoliciesInput) {
  const { store, account } = options;
  const usages = await countUsages(options);
  const scope = input.Scope ?? 'All';
  const own = scope === 'AWS' ? [] : await store.policies.list();
  const views = [
    ...own.map((policy) => {
      const arn = iamArn(account, 'policy', policy.spec.path, policy.spec.policyName);
      return policyView(policy, account, usages.of(arn), false);
    }),
    ...(scope === 'Local' ? [] : managedPolicyArns.map((arn) => awsPolicyView(arn, usages.of(arn)))),
  ].filter(
    (view) =>
      view.Path.startsWith(input.PathPrefix ?? '/') && (input.OnlyAttached !== true || view.AttachmentCount > 0),
  );
  const { items, position } = page<{ Arn: string }>(views, input, ({ Arn }) => Arn);
  return { Policies: items, ...position };
}

async function deletePolicy(options: IamOptions, arn: string) {
  const policy = await ownPolicy(options, arn);
  const usage = (await countUsages(options)).of(arn);
  if (usage.attached + usage.boundary > 0) throw deleteConflict('Cannot delete a policy attached to entities.');
  if (policy.spec.versions.length > 1)
    throw deleteConflict(
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. " +
        'The default version is deleted with the policy.',
    );
  await removeUnchanged(() => options.store.policies.remove(policy), noSuchPolicy(arn));
  return {};
}

async function listEntities(
  options: IamOptions,
  input: PageInput & { PolicyArn: string; EntityFilter?: string; PathPrefix?: string; PolicyUsageFilter?: string },
) {
  const arn = input.PolicyArn;
  if (managedPolicyDocument(arn) === undefined) await ownPolicy(options, arn);
  const uses = (spec: { attachedPolicies?: string[]; permissionsBoundary?: string; path: string }) =>
    spec.path.startsWith(input.PathPrefix ?? '/') &&
    ((input.PolicyUsageFilter !== 'PermissionsBoundary' && spec.attachedPolicies?.includes(arn)) ||
      (input.PolicyUsageFilter !== 'PermissionsPolicy' && spec.permissionsBoundary === arn));
  const wants = (type: string) => input.EntityFilter === undefined || input.EntityFilter === type;
  const users = wants('User') ? (await options.store.users.list()).filter(({ spec }) => uses(spec)) : [];
  const roles = wants('Role') ? (await options.store.roles.list()).filter(({ spec }) => uses(spec)) : [];
  const entities = [
    ...users.map(({ spec }) => ({
      key: `user/${spec.userName}`,
      user: { UserName: spec.userName, UserId: spec.userId },
    })),
    ...roles.map(({ spec }) => ({
      key: `role/${spec.roleName}`,
      role: { RoleName: spec.roleName, RoleId: spec.roleId },
    })),
  ];
  const { items, position } = page<{ key: string; user?: object; role?: object }>(entities, input, ({ key }) => key);
  return {
    PolicyGroups: [],
    PolicyUsers: items.flatMap(({ user }) => user ?? []),
    PolicyRoles: items.flatMap(({ role }) => role ?? []),
    ...position,
  };
}
