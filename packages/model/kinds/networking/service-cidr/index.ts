import { type FieldError, index, invalid, required } from '../../../field-error.ts';
import { blockFamily, canonicalBlockErrors } from '../../../metadata/addresses.ts';
import { IMMUTABLE } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';

const FIELD = 'spec.cidrs';

function blocksOf(object: Readonly<ApiObject>): string[] {
  return object['spec']?.cidrs ?? [];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const blocks = blocksOf(object);
  if (blocks.length === 0) return [required(FIELD, 'at least one CIDR required')];
  if (blocks.length > 2) return [invalid(FIELD, object['spec'], 'may only hold up to 2 values')];
  const errors = blocks.flatMap((block, i) => canonicalBlockErrors(index(FIELD, i), block));
  const [first, second] = blocks.map(blockFamily);
  if (blocks.length === 2 && first === second && first !== undefined) {
    const text = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalid(FIELD, blocks, text));
  }
  return errors;
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [blocks, before] = [blocksOf(object), blocksOf(previous)];
  const second = before.length === 1 && blocks.length === 2;
  if (blocks.length !== before.length && !second) return [invalid(FIELD, blocks, IMMUTABLE)];
  const changed = before.flatMap((block, i) =>
    block === blocks[i] ? [] : [invalid(index(FIELD, i), blocks[i], IMMUTABLE)],
  );
  return second ? [...changed, ...validate(object)] : changed;
}

export const serviceCidr: Strategy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate,
  columns: [
    textColumn('CIDRs', "The blocks that Services' addresses are from.", (object) => blocksOf(object).join(',')),
  ],
};
