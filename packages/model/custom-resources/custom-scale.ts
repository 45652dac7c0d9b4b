import { isProperties, type Properties, setOwn } from '../codec/own-property.ts';
import { type FieldError, invalid } from '../field-error.ts';
import type { CustomResourceSubresourceScale } from '../generated/types/apiextensions-v1.ts';
import { scaleErrors } from '../kinds/autoscaling/scale/index.ts';
import type { ApiObject } from '../object.ts';
import type { ScaleForm } from '../strategy.ts';

const largest = 2 ** 31 - 1;

function partsOf(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}

/** The value at a plain path; undefined when it, or something on the way, is not there. */
function valueAt(object: Readonly<ApiObject>, path: string): unknown {
  let value: unknown = object;
  for (const name of partsOf(path)) {
    if (!isProperties(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function setAt(object: ApiObject, path: string, value: unknown): void {
  const parts = partsOf(path);
  let place: Properties = object;
  for (const name of parts.slice(0, -1)) {
    const inner = Object.hasOwn(place, name) ? place[name] : undefined;
    const next = isProperties(inner) ? { ...inner } : {};
    setOwn(place, name, next);
    place = next;
  }
  setOwn(place, parts.at(-1)!, value);
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) ? value : 0;
}

/** The /scale of a custom resource: its replicas are where its definition says. */
export function customScale(paths: CustomResourceSubresourceScale): ScaleForm {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = paths;
  return {
    replicasPath: specReplicasPath.replace(/^\./, ''),
    missing: (object) =>
      valueAt(object, specReplicasPath) === undefined
        ? `the spec replicas field ${JSON.stringify(specReplicasPath)}`
        : undefined,
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
      const all = { name, namespace, uid, resourceVersion, creationTimestamp };
      const selector = labelSelectorPath ? valueAt(object, labelSelectorPath) : undefined;
      const status = { replicas: whole(valueAt(object, statusReplicasPath)) };
      return {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
        spec: { replicas: whole(valueAt(object, specReplicasPath)) },
        status: typeof selector === 'string' && selector !== '' ? { ...status, selector } : status,
      };
    },
    write: (object, scale) => setAt(object, specReplicasPath, scale['spec']?.replicas ?? 0),
    validate: scaleErrors,
  };
}

function countErrors(object: Readonly<ApiObject>, path: string): FieldError[] {
  const value = valueAt(object, path);
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value))
    return [
      invalid(path, 0, `${path} accessor error: ${goValue(value)} is of the type ${goType(value)}, expected int64`),
    ];
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > largest ? [invalid(path, value, `should be less than or equal to ${largest}`)] : [];
}

function goValue(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  const names: Record<string, string> = { number: 'float64', boolean: 'bool', string: 'string' };
  return names[typeof value] ?? 'map[string]interface {}';
}

/** What is wrong with the counts that the spec has for /scale. */
export function scaleSpecErrors(object: Readonly<ApiObject>, paths: CustomResourceSubresourceScale): FieldError[] {
  return countErrors(object, paths.specReplicasPath);
}

/** What is wrong with the counts and the selector that the status has for /scale. */
export function scaleStatusErrors(object: Readonly<ApiObject>, paths: CustomResourceSubresourceScale): FieldError[] {
  const errors = countErrors(object, paths.statusReplicasPath);
  const { labelSelectorPath: path } = paths;
  if (!path) return errors;
  const selector = valueAt(object, path);
  if (selector !== undefined && typeof selector !== 'string')
    errors.push(
      invalid(
        path,
        '',
        `${path} accessor error: ${goValue(selector)} is of the type ${goType(selector)}, expected string`,
      ),
    );
  return errors;
}
