import {
  type ApiObject,
  copyOf,
  type Decoded,
  DecodeError,
  duplicateFields,
  type GroupVersionKind,
  goText,
  jsonMergePatch,
  jsonPatch,
  type ManagedFields,
  normalize,
  type ObjectForm,
  PatchError,
  parseJson,
  strategicMergePatch,
} from '@keelson/model';
import { checkType, warnOf } from '../request/decode-body.ts';
import { bodyMediaType } from '../request/media-type.ts';
import { badRequest, invalidPatch, tooLarge, unprocessable } from '../request/status-error.ts';
import type { FieldValidation } from '../request/write-options.ts';

const json = 'application/json-patch+json';
const merge = 'application/merge-patch+json';
const strategic = 'application/strategic-merge-patch+json';
export const applyYaml = 'application/apply-patch+yaml';

/** What patches can be, in the order that a refusal names them. */
export function patchTypes(kind: { readonly strategic: boolean; readonly apply: boolean }): string[] {
  return [json, merge, ...(kind.strategic ? [strategic] : []), ...(kind.apply ? [applyYaml] : [])];
}

/** What a patch is made for. */
export interface PatchedKind extends GroupVersionKind {
  /** The type's name in the tables, where it is one of them. */
  readonly type: string;
  /** How a custom resource is read, which changes what it reads. */
  readonly form?: ObjectForm;
}

/** A patch that was read, and can be applied as often as others come between. */
export interface Patch {
  /**
   * The object after the patch.
   * @param present private to the call, without its managed fields, which are apart
   * @throws StatusError 400, 413 or 422
   */
  apply(present: ApiObject, managed: ManagedFields): ApiObject;
}

/** How a patch is read and what comes of fields that do not exist. */
export interface PatchReading {
  readonly contentType: string | undefined;
  readonly validation: FieldValidation;
  readonly warnings: string[];
}

/** Reads the body of a patch that is no applied configuration. @throws StatusError 400 */
export function readPatch(expected: PatchedKind, body: Uint8Array, reading: PatchReading): Patch {
  const { validation, warnings } = reading;
  const form = bodyMediaType(reading.contentType);
  const patch = parsedPatch(form, body);
  const repeated = validation === 'Ignore' ? [] : duplicateFields(body, patch);
  const strict = form === json ? repeated.map((text) => `json patch ${text}`) : repeated;
  const wantsManaged = Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('managedFields');
  return {
    apply: (present, managed) => {
      if (wantsManaged && !managed.isEmpty) present.metadata!.managedFields = managed.toJSON();
      const merged = mergedWith(form, expected, present, patch);
      const shown = () => (form === strategic ? goText(patch) : JSON.stringify(merged));
      const decoded = decodedPatch(expected, merged, shown);
      checkType(decoded.object, expected);
      const problems = [...strict, ...decoded.unknown];
      if (problems.length > 0 && validation === 'Strict')
        throw invalidPatch(shown(), `strict decoding error: ${problems.join(', ')}`);
      if (validation === 'Warn') warnOf(problems, warnings);
      return decoded.object;
    },
  };
}

/** @throws StatusError 400 */
function parsedPatch(form: string, body: Uint8Array): unknown {
  let patch: unknown;
  try {
    patch = parseJson(body);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest('invalid JSON patch');
    throw error;
  }
  const isList = Array.isArray(patch);
  if (form === json) {
    if (isList) return patch;
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  if (!isList && typeof patch === 'object' && patch !== null) return patch;
  const found = isList ? 'array' : typeof patch;
  const why = `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  throw badRequest(form === merge ? `error decoding patch: ${why}` : why);
}

/** @throws StatusError 400, 413 or 422 */
function mergedWith(form: string, expected: PatchedKind, present: ApiObject, patch: unknown): any {
  try {
    if (form === json) return jsonPatch(present, patch);
    if (form === merge) return jsonMergePatch(present, patch);
    return strategicMergePatch(expected.type, present, patch);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (error.code === 'unprocessable') throw unprocessable();
    if (error.code === 'tooLarge') throw tooLarge(`Request entity too large: ${error.message}`);
    throw badRequest(error.message);
  }
}

/** @throws StatusError 422 */
function decodedPatch(expected: PatchedKind, merged: any, shown: () => string): Decoded {
  try {
    // What is merged may share parts with the patch, which is needed again.
    const decoded = normalize(expected, expected.form === undefined ? merged : copyOf(merged));
    // An empty list forgets all managers; anywhere else it is the same as none.
    const managed = merged.metadata?.managedFields;
    if (Array.isArray(managed) && managed.length === 0)
      decoded.object.metadata = { ...decoded.object.metadata, managedFields: [] };
    return decoded;
  } catch (error) {
    if (error instanceof DecodeError) throw invalidPatch(shown(), error.message);
    throw error;
  }
}
