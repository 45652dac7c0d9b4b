import type { ApiObject, GroupVersionKind } from '@keelson/model';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { WriteContext } from './write-plan.ts';

/** What admission is shown of a write. `kind` is that of `object` when it is not of the resource's own kind. */
export function admissionRequest(
  context: WriteContext,
  write: Pick<AdmissionRequest, 'operation' | 'name'> & {
    readonly object?: ApiObject;
    readonly previous?: Readonly<ApiObject>;
    readonly kind?: GroupVersionKind;
  },
): AdmissionRequest {
  const { resource, subresource, namespace, user, dryRun, options, warnings, annotate, leaveTurn } = context;
  return { ...write, resource, subresource, namespace, user, dryRun, options, warnings, annotate, leaveTurn };
}
