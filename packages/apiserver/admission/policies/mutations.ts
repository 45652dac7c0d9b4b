import {
  type ApiObject,
  deducedType,
  type GroupVersionKind,
  jsonPatch,
  PatchError,
  type Resource,
} from '@keelson/model';
import type { ApplyType } from '@keelson/model/apply/apply-schema.ts';
import { mergeValues } from '@keelson/model/apply/merge-values.ts';
import { tableApplyType } from '@keelson/model/apply/table-types.ts';
import { valueErrors } from '@keelson/model/apply/validate-value.ts';
import { kindOf } from '@keelson/model/apply/value-kind.ts';
import { StructValue } from '@keelson/model/cel/evaluate/struct-value.ts';
import { CelList, CelMap, type CelValue } from '@keelson/model/cel/values/value.ts';

/** What a mutation of a MutatingAdmissionPolicy makes of an object. */

/** A mutation that cannot be applied; the failure policy decides what that means. */
export class MutationProblem extends Error {}

/** Every `Object.a.b{…}` has to stand where its name says. */
function misnamed(value: CelValue, path: string, problems: string[]): void {
  if (value instanceof StructValue && value.typeName !== path) {
    problems.push(
      `unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(path)}, which matches field name path from root Object type`,
    );
  }
  if (value instanceof CelMap) {
    for (const key of value.allKeys()) {
      const below = value instanceof StructValue ? `${path}.${String(key)}` : path;
      misnamed(value.find(key)!, below, problems);
    }
  } else if (value instanceof CelList) {
    for (let position = 0; position < value.size; position += 1) misnamed(value.at(position), path, problems);
  }
}

/** @throws MutationProblem */
function checkNames(value: CelValue): void {
  if (!(value instanceof StructValue)) return;
  const problems: string[] = [];
  misnamed(value, value.typeName, problems);
  if (problems.length > 0) throw new MutationProblem(`type mismatch: ${problems.join('\n')}`);
}

/** Where a configuration would replace something as a whole that it may only know in part. */
function atomics(type: ApplyType, value: unknown, path: string, found: string[]): void {
  const kind = kindOf(type, value);
  if (kind === 'map' && typeof value === 'object' && value !== null) {
    if (type.map!.atomic) found.push(path);
    for (const [name, part] of Object.entries(value)) {
      const field = type.map!.fields.get(name);
      if (field !== undefined) atomics(field.type, part, `${path}.${name}`, found);
    }
  } else if (kind === 'list' && Array.isArray(value)) {
    if (type.list!.atomic) found.push(path);
    for (const [position, part] of value.entries()) atomics(type.list!.element, part, `${path}[${position}]`, found);
  }
}

/**
 * The object with an ApplyConfiguration mutation's result put over it, as server-side apply would.
 * @throws MutationProblem
 */
export function applyConfiguration(
  object: Readonly<ApiObject>,
  result: { readonly raw: unknown; readonly value: unknown },
  resource: Resource,
  kind: GroupVersionKind,
): ApiObject {
  checkNames(result.raw as CelValue);
  const config = {
    ...(asJson(result.value) as Record<string, unknown>),
    apiVersion: object.apiVersion,
    kind: kind.kind,
  };
  const known = resource.strategy.applySchema?.typeOf(config.apiVersion ?? '');
  const type = known ?? tableApplyType(resource.type) ?? deducedType;
  const wrong = valueErrors(type, config);
  if (wrong !== undefined) {
    throw new MutationProblem(
      `error applying patch: failed to convert patch object to typed object: .${wrong.replace(/^\./, '')}`,
    );
  }
  const found: string[] = [];
  atomics(type, config, '', found);
  if (found.length > 0) {
    throw new MutationProblem(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${found.join(', ')}`,
    );
  }
  return structuredClone(mergeValues(type, object, config)) as ApiObject;
}

/**
 * The object after a JSONPatch mutation's operations; the same object when one of its tests fails.
 * @throws MutationProblem
 */
export function applyOperations(
  object: Readonly<ApiObject>,
  result: { readonly raw: unknown; readonly value: unknown },
): ApiObject {
  const list = result.raw as CelList;
  for (let position = 0; position < list.size; position += 1) {
    const value = (list.at(position) as CelMap).find('value');
    if (value !== undefined) checkNames(value);
  }
  const operations = (asJson(result.value) as Record<string, unknown>[]).map(({ op = '', path = '', from, value }) => ({
    op,
    path,
    ...(from ? { from } : {}),
    ...(value === undefined ? {} : { value }),
  }));
  const own = structuredClone(object) as ApiObject;
  if (operations.length === 0) return own;
  try {
    return jsonPatch(own, operations as Parameters<typeof jsonPatch>[1]);
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    if (isFailedTest(error)) return structuredClone(object) as ApiObject;
    throw new MutationProblem(`JSON Patch: ${error.message}`);
  }
}

function isFailedTest(error: PatchError): boolean {
  return error.message.endsWith(': test failed');
}

/** A result as JSON has it: whole numbers that no double holds exactly become the nearest one. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_name, part) => (typeof part === 'bigint' ? Number(part) : part)));
}
