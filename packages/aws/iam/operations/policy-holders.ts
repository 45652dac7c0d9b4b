import type { Role, User } from '@keelson/model/region/object-types.ts';
import type { OperationHandler } from '../../service.ts';
import { nameInArn } from '../arns.ts';
import type { IamOptions } from '../index.ts';
import { managedPolicyDocument } from '../managed-policies.ts';
import { limitExceeded, noSuchEntity, noSuchPolicy, noSuchRole, noSuchUser, protectedRole } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { checkPolicy, policySize } from './policy-texts.ts';
import { mergeTags, type TagInput, tagsOutput, withoutTags } from './tags.ts';
import { encodedDocument } from './views.ts';

/** What users and roles have in common: policies attached and inline, a boundary, tags. */
interface HolderKind {
  /** `User`, `Role`: how the operations and their members are called. */
  readonly noun: 'User' | 'Role';
  readonly longestInline: number;
  find(options: IamOptions, name: string): Promise<User | Role | undefined>;
  change(options: IamOptions, name: string, change: (spec: HolderSpec) => void): Promise<unknown>;
  missing(name: string): Error;
}

type HolderSpec = Pick<
  User['spec'] & Role['spec'],
  'attachedPolicies' | 'inlinePolicies' | 'permissionsBoundary' | 'tags' | 'serviceName'
>;

type HolderInput = PageInput & {
  readonly UserName?: string;
  readonly RoleName?: string;
  readonly PolicyArn: string;
  readonly PolicyName: string;
  readonly PolicyDocument: string;
  readonly PathPrefix?: string;
  readonly PermissionsBoundary: string;
  readonly Tags: readonly TagInput[];
  readonly TagKeys: readonly string[];
};

const mostAttached = 10;

const users: HolderKind = {
  noun: 'User',
  longestInline: 2048,
  find: ({ store }, name) => store.users.find(name),
  change: ({ store }, name, change) => store.users.change(name, ({ spec }) => change(spec)),
  missing: noSuchUser,
};

const roles: HolderKind = {
  noun: 'Role',
  longestInline: 10_240,
  find: ({ store }, name) => store.roles.find(name),
  change: ({ store }, name, change) =>
    store.roles.change(name, ({ spec }) => {
      if (spec.serviceName !== undefined) throw protectedRole(name);
      change(spec);
    }),
  missing: noSuchRole,
};

/** Operations on what policies and tags users and roles have. */
export function policyHolderOperations(options: IamOptions): Record<string, OperationHandler> {
  return Object.fromEntries(
    [users, roles].flatMap((kind) => [
      ...Object.entries(attachmentOperations(options, kind)),
      ...Object.entries(inlineOperations(options, kind)),
      ...Object.entries(boundaryOperations(options, kind)),
      ...Object.entries(tagOperations(options, kind)),
    ]),
  );
}

function nameOf(kind: HolderKind, input: HolderInput): string {
  return (kind.noun === 'User' ? input.UserName : input.RoleName)!;
}

async function specOf(options: IamOptions, kind: HolderKind, input: HolderInput): Promise<HolderSpec> {
  const holder = await kind.find(options, nameOf(kind, input));
  if (holder === undefined) throw kind.missing(nameOf(kind, input));
  return holder.spec;
}

async function changeSpec(
  options: IamOptions,
  kind: HolderKind,
  input: HolderInput,
  change: (spec: HolderSpec) => void,
) {
  const name = nameOf(kind, input);
  if ((await kind.change(options, name, change)) === undefined) throw kind.missing(name);
  return {};
}

/** Whether there is a policy of this ARN, AWS' or the account's. */
export async function policyExists({ store, account }: IamOptions, arn: string): Promise<boolean> {
  if (managedPolicyDocument(arn) !== undefined) return true;
  const prefix = `arn:aws:iam::${account}:policy`;
  if (!arn.startsWith(`${prefix}/`)) return false;
  const policy = await store.policies.find(nameInArn(arn));
  return policy !== undefined && arn === prefix + policy.spec.path + policy.spec.policyName;
}

/** @throws AwsError when a permissions boundary is no policy that there is. */
export async function checkBoundary(options: IamOptions, arn: string): Promise<void> {
  if (!(await policyExists(options, arn))) throw noSuchEntity(`Scope ARN: ${arn} does not exist or is not attachable.`);
}

function attachmentOperations(options: IamOptions, kind: HolderKind): Record<string, OperationHandler> {
  const { noun } = kind;
  return {
    async [`Attach${noun}Policy`](input: HolderInput) {
      const arn = input.PolicyArn;
      if (!(await policyExists(options, arn))) throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
      return changeSpec(options, kind, input, (spec) => {
        const attached = spec.attachedPolicies ?? [];
        if (attached.includes(arn)) return;
        if (attached.length >= mostAttached)
          throw limitExceeded(`Cannot exceed quota for PoliciesPer${noun}: ${mostAttached}`);
        spec.attachedPolicies = [...attached, arn];
      });
    },
    [`Detach${noun}Policy`]: (input: HolderInput) =>
      changeSpec(options, kind, input, (spec) => {
        const attached = spec.attachedPolicies ?? [];
        if (!attached.includes(input.PolicyArn)) throw noSuchPolicy(input.PolicyArn);
        spec.attachedPolicies = attached.filter((arn) => arn !== input.PolicyArn);
      }),
    async [`ListAttached${noun}Policies`](input: HolderInput) {
      const spec = await specOf(options, kind, input);
      const under = (spec.attachedPolicies ?? []).filter((arn) =>
        arn.slice(arn.indexOf(':policy') + ':policy'.length).startsWith(input.PathPrefix ?? '/'),
      );
      const { items, position } = page(under, input, nameInArn);
      const AttachedPolicies = items.map((arn) => ({ PolicyName: nameInArn(arn), PolicyArn: arn }));
      return { AttachedPolicies, ...position };
    },
  };
}

function inlineOperations(options: IamOptions, kind: HolderKind): Record<string, OperationHandler> {
  const { noun } = kind;
  const missing = (name: string) => noSuchEntity(`The ${noun.toLowerCase()} policy with name ${name} cannot be found.`);
  const inlineOf = (spec: HolderSpec, name: string) =>
    Object.hasOwn(spec.inlinePolicies ?? {}, name) ? spec.inlinePolicies![name] : undefined;
  return {
    async [`Put${noun}Policy`](input: HolderInput) {
      checkPolicy(input.PolicyDocument, 'identity');
      return changeSpec(options, kind, input, (spec) => {
        const inline = { ...spec.inlinePolicies, [input.PolicyName]: input.PolicyDocument };
        const size = Object.values(inline).reduce((sum, text) => sum + policySize(text), 0);
        if (size > kind.longestInline)
          throw limitExceeded(
            `Maximum policy size of ${kind.longestInline} bytes exceeded for ${noun.toLowerCase()} ${nameOf(kind, input)}`,
          );
        spec.inlinePolicies = inline;
      });
    },
    async [`Get${noun}Policy`](input: HolderInput) {
      const document = inlineOf(await specOf(options, kind, input), input.PolicyName);
      if (document === undefined) throw missing(input.PolicyName);
      const PolicyDocument = encodedDocument(document);
      return { [`${noun}Name`]: nameOf(kind, input), PolicyName: input.PolicyName, PolicyDocument };
    },
    [`Delete${noun}Policy`]: (input: HolderInput) =>
      changeSpec(options, kind, input, (spec) => {
        if (inlineOf(spec, input.PolicyName) === undefined) throw missing(input.PolicyName);
        const { [input.PolicyName]: _removed, ...rest } = spec.inlinePolicies!;
        spec.inlinePolicies = rest;
      }),
    async [`List${noun}Policies`](input: HolderInput) {
      const spec = await specOf(options, kind, input);
      const { items, position } = page(Object.keys(spec.inlinePolicies ?? {}), input, (name) => name);
      return { PolicyNames: items, ...position };
    },
  };
}

function boundaryOperations(options: IamOptions, kind: HolderKind): Record<string, OperationHandler> {
  return {
    async [`Put${kind.noun}PermissionsBoundary`](input: HolderInput) {
      await checkBoundary(options, input.PermissionsBoundary);
      return changeSpec(options, kind, input, (spec) => {
        spec.permissionsBoundary = input.PermissionsBoundary;
      });
    },
    [`Delete${kind.noun}PermissionsBoundary`]: (input: HolderInput) =>
      changeSpec(options, kind, input, (spec) => {
        delete spec.permissionsBoundary;
      }),
  };
}

function tagOperations(options: IamOptions, kind: HolderKind): Record<string, OperationHandler> {
  return {
    [`Tag${kind.noun}`]: (input: HolderInput) =>
      changeSpec(options, kind, input, (spec) => {
        spec.tags = mergeTags(spec.tags ?? [], input.Tags);
      }),
    [`Untag${kind.noun}`]: (input: HolderInput) =>
      changeSpec(options, kind, input, (spec) => {
        spec.tags = withoutTags(spec.tags ?? [], input.TagKeys);
      }),
    async [`List${kind.noun}Tags`](input: HolderInput) {
      const spec = await specOf(options, kind, input);
      const { items, position } = page(spec.tags ?? [], input, ({ key }) => key);
      return { Tags: tagsOutput(items), ...position };
    },
  };
}
