import { duplicate, type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { blockErrors, blockFamily } from '../../../metadata/addresses.ts';
import { labelValueProblems } from '../../../metadata/names.ts';
import { labelKeyErrors } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { resourceQuantityErrors } from '../pod/validation/resources.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

interface Taint {
  key?: string;
  value?: string;
  effect?: string;
}

function taintErrors(taints: readonly Taint[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  taints.forEach((taint, position) => {
    // The path is upstream's, which starts at the metadata.
    const at = index('metadata.taints', position);
    const effect = taint.effect ?? '';
    errors.push(...labelKeyErrors(`${at}.key`, taint.key ?? ''));
    const problems = labelValueProblems(taint.value ?? '');
    if (problems.length > 0) errors.push(invalid(`${at}.value`, taint.value, problems.join(';')));
    if (effect === '') errors.push(required(`${at}.effect`));
    else if (!EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS));
    const identity = `${effect}/${taint.key}`;
    if (seen.has(identity)) {
      const error = duplicate(at, taint);
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` });
    }
    seen.add(identity);
  });
  return errors;
}

function blocksErrors(blocks: readonly string[]): FieldError[] {
  const errors = blocks.flatMap((text, position) => blockErrors(index('spec.podCIDRs', position), text));
  if (errors.length > 0 || blocks.length < 2) return errors;
  if (blocks.length > 2 || blockFamily(blocks[0]!) === blockFamily(blocks[1]!)) {
    errors.push(invalid('spec.podCIDRs', blocks, 'may specify no more than one CIDR for each IP family'));
  }
  blocks.forEach((text, position) => {
    if (blocks.indexOf(text) < position) errors.push(duplicate(index('spec.podCIDRs', position), text));
  });
  return errors;
}

function resourcesErrors(object: Readonly<ApiObject>): FieldError[] {
  return ['capacity', 'allocatable'].flatMap((list) =>
    Object.entries(object['status']?.[list] ?? {}).flatMap(([name, value]) => {
      const at = `status.${list}.${name}`;
      return resourceQuantityErrors(at, name, value);
    }),
  );
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  return [...taintErrors(spec.taints ?? []), ...resourcesErrors(object), ...blocksErrors(spec.podCIDRs ?? [])];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const errors = resourcesErrors(object);
  const spec = object['spec'] ?? {};
  const old = previous['spec'] ?? {};
  const addresses = new Set<string>();
  (object['status']?.addresses ?? []).forEach((address: { type: string; address: string }, position: number) => {
    const identity = `${address.type}/${address.address}`;
    if (addresses.has(identity)) errors.push(duplicate(index('status.addresses', position), address));
    addresses.add(identity);
  });
  const oldBlocks: string[] = old.podCIDRs ?? [];
  const blocks: string[] = spec.podCIDRs ?? [];
  if (
    oldBlocks.length > 0 &&
    (blocks.length !== oldBlocks.length || blocks.some((text, at) => text !== oldBlocks[at]))
  ) {
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  }
  if (oldBlocks.length === 0) errors.push(...blocksErrors(blocks));
  if ((old.providerID ?? '') !== '' && old.providerID !== spec.providerID) {
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  }
  errors.push(...taintErrors(spec.taints ?? []));
  if ((old.externalID ?? '') !== (spec.externalID ?? '')) {
    errors.push(forbidden('spec.externalID', 'may not be updated'));
  }
  return errors;
}
