import { rfc3339 } from '@keelson/base';
import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';
import { managedPolicyDocument } from '../managed-policies.ts';
import { deleteConflict, limitExceeded, noSuchEntity } from './errors.ts';
import { type PageInput, page } from './paging.ts';
import { changePolicy, ownPolicy } from './policies.ts';
import { checkManagedPolicy } from './policy-texts.ts';
import { encodedDocument } from './views.ts';

const mostVersions = 5;

interface VersionInput {
  readonly PolicyArn: string;
  readonly VersionId: string;
}

interface Version {
  readonly versionId: string;
  readonly document: string;
  readonly createDate?: string;
}

function noSuchVersion({ PolicyArn, VersionId }: VersionInput) {
  return noSuchEntity(`Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);
}

/** Versions of managed policies. */
export function policyVersionOperations(options: IamOptions): Record<string, OperationHandler> {
  return {
    CreatePolicyVersion: (input) => createVersion(options, input),
    async GetPolicyVersion(input: VersionInput) {
      const { versions, defaultVersionId } = await versionsOf(options, input.PolicyArn);
      const version = versions.find(({ versionId }) => versionId === input.VersionId);
      if (version === undefined) throw noSuchVersion(input);
      return {
        PolicyVersion: { Document: encodedDocument(version.document), ...versionView(version, defaultVersionId) },
      };
    },
    async ListPolicyVersions(input: PageInput & { PolicyArn: string }) {
      const { versions, defaultVersionId } = await versionsOf(options, input.PolicyArn);
      const newest = (version: Version) => String(1_000_000 - numberOf(version.versionId)).padStart(7, '0');
      const { items, position } = page(versions, input, newest);
      return { Versions: items.map((version) => versionView(version, defaultVersionId)), ...position };
    },
    async SetDefaultPolicyVersion(input: VersionInput) {
      await changePolicy(options, input.PolicyArn, ({ spec }) => {
        if (!spec.versions.some(({ versionId }) => versionId === input.VersionId)) throw noSuchVersion(input);
        spec.defaultVersionId = input.VersionId;
      });
      return {};
    },
    async DeletePolicyVersion(input: VersionInput) {
      await changePolicy(options, input.PolicyArn, ({ spec }) => {
        if (!spec.versions.some(({ versionId }) => versionId === input.VersionId)) throw noSuchVersion(input);
        if (spec.defaultVersionId === input.VersionId)
          throw deleteConflict('Cannot delete the default version of a policy.');
        spec.versions = spec.versions.filter(({ versionId }) => versionId !== input.VersionId);
      });
      return {};
    },
  };
}

function numberOf(versionId: string): number {
  return Number(versionId.slice(1));
}

function versionView(version: Version, defaultVersionId: string) {
  return {
    VersionId: version.versionId,
    IsDefaultVersion: version.versionId === defaultVersionId,
    CreateDate: version.createDate,
  };
}

async function versionsOf(
  options: IamOptions,
  arn: string,
): Promise<{ versions: Version[]; defaultVersionId: string }> {
  const managed = managedPolicyDocument(arn);
  if (managed !== undefined) return { versions: [{ versionId: 'v1', document: managed }], defaultVersionId: 'v1' };
  return (await ownPolicy(options, arn)).spec;
}

async function createVersion(
  options: IamOptions,
  input: { readonly PolicyArn: string; readonly PolicyDocument: string; readonly SetAsDefault?: boolean },
) {
  checkManagedPolicy(input.PolicyDocument);
  const createDate = rfc3339(options.world.clock.now());
  const { spec } = await changePolicy(options, input.PolicyArn, (policy) => {
    const { versions } = policy.spec;
    if (versions.length >= mostVersions)
      throw limitExceeded(
        `A managed policy can have up to ${mostVersions} versions. Before you create a new version, you must delete an existing version.`,
      );
    // Numbers are not given out again after a deletion as long as a higher one is there, as IAM has it.
    const number = Math.max(...versions.map(({ versionId }) => numberOf(versionId))) + 1;
    versions.push({ versionId: `v${number}`, document: input.PolicyDocument, createDate });
    if (input.SetAsDefault === true) policy.spec.defaultVersionId = `v${number}`;
  });
  return { PolicyVersion: versionView(spec.versions.at(-1)!, spec.defaultVersionId) };
}
