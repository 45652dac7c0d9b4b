import type { ApiObject } from '../object.ts';
import { PatchError } from '../patch/patch-error.ts';
import type { ApplyTarget } from './apply-target.ts';
import { valueErrors } from './validate-value.ts';

/** `apps/v1, Kind=Deployment`; `/v1, Kind=Pod` for the core group. */
function kindText(apiVersion: string, kind: string): string {
  return `${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}`;
}

/**
 * Checks that a configuration can be applied: of the target's kind and version, without managed fields, with fields that
 * the kind has, and elements of lists once each. @throws PatchError with upstream's words
 */
export function validateConfiguration({
  target,
  config,
}: {
  readonly target: Pick<ApplyTarget, 'schema' | 'apiVersion' | 'kind'>;
  readonly config: Readonly<ApiObject>;
}): void {
  const { apiVersion = '', kind = '', metadata } = config;
  if (apiVersion !== target.apiVersion || kind !== target.kind)
    throw new PatchError('invalid', `invalid object type: ${kindText(String(apiVersion), String(kind))}`);
  if (Array.isArray(metadata?.managedFields)) throw new PatchError('invalid', 'metadata.managedFields must be nil');
  const type = target.schema.typeOf(apiVersion);
  const problem =
    type === undefined ? `no corresponding type for ${kindText(apiVersion, kind)}` : valueErrors(type, config);
  if (problem === undefined) return;
  const where = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${kindText(apiVersion, kind)}`;
  throw new PatchError('invalid', `failed to create typed patch object (${where}): ${problem}`);
}
