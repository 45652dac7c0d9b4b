import { duplicate, type FieldError, index, invalid, required } from '../../../field-error.ts';
import { qualifiedNameProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { numberColumn } from '../../../table/column-forms.ts';
import { driverNameErrors } from '../../core/persistent-volume/sources.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { notNegative, problems } from '../../core/pod/validation/scalars.ts';

const LONGEST_NODE_ID = 192;

function driverErrors(at: string, driver: Fields, names: Set<string>): FieldError[] {
  const [name, nodeId]: [string, string] = [driver['name'] ?? '', driver['nodeID'] ?? ''];
  const errors = driverNameErrors(`${at}.name`, name);
  if (nodeId === '') errors.push(required(`${at}.nodeID`));
  if (Buffer.byteLength(nodeId) > LONGEST_NODE_ID) {
    errors.push(invalid(`${at}.nodeID`, nodeId, `must be ${LONGEST_NODE_ID} characters or less`));
  }
  errors.push(...notNegative(`${at}.allocatable.count`, driver['allocatable']?.count));
  if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
  names.add(name);
  const keys = new Set<string>();
  for (const key of (driver['topologyKeys'] ?? []) as string[]) {
    if (key === '') errors.push(required(at));
    if (keys.has(key)) errors.push(duplicate(at, key));
    keys.add(key);
    errors.push(...problems(at, key, qualifiedNameProblems));
  }
  return errors;
}

function driversOf(object: Readonly<ApiObject>): Fields[] {
  return object['spec']?.drivers ?? [];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const names = new Set<string>();
  return driversOf(object).flatMap((driver, i) => driverErrors(index('spec.drivers', i), driver, names));
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const before = new Map(driversOf(previous).map((driver) => [driver['name'], driver]));
  const changed = driversOf(object).flatMap((driver) => {
    const old = before.get(driver['name']);
    if (old === undefined) return [];
    const { allocatable: _, ...kept } = driver;
    const { allocatable: __, ...was } = old;
    return immutable('spec.drivers', kept, was);
  });
  return [...validate(object), ...changed];
}

export const csiNode: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  unconditionalUpdate: false,
  validate,
  validateUpdate,
  columns: [numberColumn('Drivers', 'How many CSI drivers run on the node.', (object) => driversOf(object).length)],
};
