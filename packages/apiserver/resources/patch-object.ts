import {
  type ApiObject,
  copyOf,
  type Decoded,
  DecodeError,
  type GroupVersionKind,
  jsonMergePatch,
  jsonPatch,
  normalize,
  type ObjectForm,
  PatchError,
  parseJson,
  strategicMergePatch,
} from '@keelson/model';
import { bodyMediaType, requireBodyType } from '../request/media-type.ts';
import { badRequest, unprocessable } from '../request/status-error.ts';

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;

/** What is patched. */
type PatchedType = GroupVersionKind & { readonly type: string; readonly form?: ObjectForm };

/** A patch that was read, and can be applied as often as others come between. */
export interface Patch {
  /** @throws StatusError 400 or 422 */
  apply(present: ApiObject): Decoded;
}

/** Reads a patch's body. @throws StatusError 400 or 415 */
export function readPatch(expected: PatchedType, body: Uint8Array, contentType: string | undefined): Patch {
  const mediaType = bodyMediaType(contentType);
  // How lists are merged is only known of the types of the tables.
  const types = expected.form === undefined ? patchTypes : patchTypes.slice(0, 2);
  requireBodyType(mediaType, types);
  let patch: any;
  try {
    patch = parseJson(body);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`error decoding patch: ${error.message}`);
    throw error;
  }
  const isList = Array.isArray(patch);
  if (mediaType === 'application/json-patch+json') {
    if (!isList)
      throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  } else if (isList || typeof patch !== 'object' || patch === null) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal the value into Go value of type map[string]interface {}',
    );
  }
  const merge = (present: ApiObject): unknown => {
    if (mediaType === 'application/json-patch+json') return jsonPatch(present, patch);
    if (mediaType === 'application/merge-patch+json') return jsonMergePatch(present, patch);
    return strategicMergePatch(expected.type, present, patch);
  };
  return { apply: (present) => applied(expected, () => merge(present)) };
}

function applied(expected: PatchedType, merge: () => unknown): Decoded {
  try {
    // What is merged may share parts with the patch, which is needed again.
    return normalize(expected, expected.form === undefined ? merge() : copyOf(merge()));
  } catch (error) {
    if (error instanceof PatchError) {
      if (error.code === 'unprocessable') throw unprocessable(error.message);
      throw badRequest(error.message);
    }
    if (error instanceof DecodeError)
      throw badRequest(
        `${expected.kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: ${error.message}`,
      );
    throw error;
  }
}
