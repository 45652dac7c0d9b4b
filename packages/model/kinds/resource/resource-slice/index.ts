import { type FieldError, invalid, required } from '../../../field-error.ts';
import { dnsSubdomainProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { driverNameErrors } from '../../core/persistent-volume/sources.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems } from '../../core/pod/validation/scalars.ts';
import { nodeSelectorErrors } from '../../core/pod/validation/scheduling.ts';
import { setErrors } from '../lists.ts';
import { labelNameErrors, poolNameErrors } from '../names.ts';
import { countersErrors, deviceErrors } from './device.ts';

const MOST_DEVICES = 128;
const MOST_TAINTED_DEVICES = 64;
const MOST_COUNTER_SETS = 8;
const ONE_PLACE = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

function poolErrors(at: string, pool: Fields): FieldError[] {
  const [count, generation]: [number, number] = [pool['resourceSliceCount'] ?? 0, pool['generation'] ?? 0];
  return [
    ...poolNameErrors(`${at}.name`, pool['name'] ?? ''),
    ...(count > 0 ? [] : [invalid(`${at}.resourceSliceCount`, count, 'must be greater than zero')]),
    ...(generation >= 0 ? [] : [invalid(`${at}.generation`, generation, 'must be greater than or equal to zero')]),
  ];
}

/** From which nodes the devices can be reached: one of four ways. */
function placeErrors(spec: Fields): FieldError[] {
  const { nodeName, nodeSelector } = spec;
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') {
    errors.push(invalid('spec.nodeName', nodeName, 'must be either unset or set to a non-empty string'));
  } else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...problems('spec.nodeName', nodeName, dnsSubdomainProblems));
  }
  if (nodeSelector !== undefined) {
    set.push('`nodeSelector`');
    const terms: Fields[] = nodeSelector.nodeSelectorTerms ?? [];
    errors.push(...nodeSelectorErrors('spec.nodeSelector', nodeSelector));
    if (terms.length !== 1) {
      const text = 'must have exactly one node selector term';
      errors.push(invalid('spec.nodeSelector.nodeSelectorTerms', terms, text));
    }
  }
  for (const name of ['allNodes', 'perDeviceNodeSelection']) {
    if (spec[name] === true) set.push(`\`${name}\``);
    else if (spec[name] !== undefined) {
      errors.push(invalid(`spec.${name}`, spec[name], 'must be either unset or set to true'));
    }
  }
  if (set.length === 0) errors.push(required('spec', ONE_PLACE));
  if (set.length > 1) errors.push(invalid('spec', `{${set.join(', ')}}`, `${ONE_PLACE}, but multiple fields are set`));
  return errors;
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const devices: Fields[] = spec['devices'] ?? [];
  const burdened = devices.some(
    (one) => (one['taints'] ?? []).length > 0 || (one['consumesCounters'] ?? []).length > 0,
  );
  const both = spec['sharedCounters'] !== undefined && spec['devices'] !== undefined;
  const nameOf = (one: Fields) => one['name'] ?? '';
  return [
    ...driverNameErrors('spec.driver', spec['driver'] ?? ''),
    ...poolErrors('spec.pool', spec['pool'] ?? {}),
    ...placeErrors(spec),
    ...(both ? [invalid('spec', '', 'only one of `sharedCounters` or `devices` is allowed')] : []),
    ...setErrors(
      'spec.devices',
      devices,
      burdened ? MOST_TAINTED_DEVICES : MOST_DEVICES,
      (device, at) => deviceErrors(device, at, spec['perDeviceNodeSelection'] === true),
      nameOf,
    ),
    ...setErrors<Fields>(
      'spec.sharedCounters',
      spec['sharedCounters'],
      MOST_COUNTER_SETS,
      (set, at) => [
        ...labelNameErrors(`${at}.name`, set['name'] ?? ''),
        ...countersErrors(`${at}.counters`, set['counters']),
      ],
      nameOf,
    ),
  ];
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  return [
    ...validate(object),
    ...immutable('spec.pool.name', spec['pool']?.name, old['pool']?.name),
    ...immutable('spec.driver', spec['driver'], old['driver']),
    ...immutable('spec.nodeName', spec['nodeName'], old['nodeName']),
  ];
}

export const resourceSlice: Strategy = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  generation: true,
  prepareForCreate(object, { now }) {
    for (const device of (object['spec']?.devices ?? []) as Fields[]) {
      for (const taint of (device['taints'] ?? []) as Fields[]) taint['timeAdded'] ??= now;
    }
  },
  validate,
  validateUpdate,
  selectableFields: {
    'spec.nodeName': (object) => object['spec']?.nodeName ?? '',
    'spec.driver': (object) => object['spec']?.driver ?? '',
  },
  columns: [
    textColumn('Node', 'The node that its devices are on.', (object) => object['spec']?.nodeName ?? '<unset>'),
    textColumn('Driver', 'The driver of its devices.', (object) => object['spec']?.driver ?? ''),
    textColumn('Pool', 'The pool that they belong to.', (object) => object['spec']?.pool?.name ?? ''),
  ],
};
