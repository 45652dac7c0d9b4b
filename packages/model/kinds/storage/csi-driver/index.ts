import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { booleanColumn, textColumn } from '../../../table/column-forms.ts';
import type { Fields } from '../../core/pod/fields.ts';

const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const MODES = ['Persistent', 'Ephemeral'];
const SHORTEST_TOKEN = 600;
const LONGEST_TOKEN = 2 ** 32;
const SHORTEST_PERIOD = 10;

function tokensErrors(at: string, requests: readonly Fields[]): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap((request, i) => {
    const field = index(at, i);
    const audience: string = request['audience'] ?? '';
    if (audiences.has(audience)) return [duplicate(`${field}.audience`, audience)];
    audiences.add(audience);
    const seconds: number | undefined = request['expirationSeconds'];
    if (seconds === undefined) return [];
    const expiration = `${field}.expirationSeconds`;
    if (seconds < SHORTEST_TOKEN) {
      return [invalid(expiration, seconds, 'may not specify a duration less than 10 minutes')];
    }
    if (seconds <= LONGEST_TOKEN) return [];
    return [invalid(expiration, seconds, 'may not specify a duration larger than 2^32 seconds')];
  });
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const errors: FieldError[] = [];
  // The first path is upstream's, whose field is called otherwise.
  if (spec['attachRequired'] === undefined) errors.push(required('spec.attachedRequired'));
  for (const name of ['podInfoOnMount', 'storageCapacity']) {
    if (spec[name] === undefined) errors.push(required(`spec.${name}`));
  }
  const policy: string | undefined = spec['fsGroupPolicy'];
  if (policy !== undefined && !GROUP_POLICIES.includes(policy)) {
    errors.push(notSupported('spec.fsGroupPolicy', policy, GROUP_POLICIES));
  }
  errors.push(...tokensErrors('spec.tokenRequests', spec['tokenRequests'] ?? []));
  for (const mode of (spec['volumeLifecycleModes'] ?? []) as string[]) {
    if (!MODES.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, MODES));
  }
  if (spec['seLinuxMount'] === undefined) errors.push(required('spec.seLinuxMount'));
  const period: number | undefined = spec['nodeAllocatableUpdatePeriodSeconds'];
  if (period !== undefined && period < SHORTEST_PERIOD) {
    const text = 'must be greater than or equal to 10 seconds';
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, text));
  }
  return errors;
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  return [
    ...validate(object),
    ...immutable('spec.attachedRequired', spec['attachRequired'], old['attachRequired']),
    ...immutable('spec.volumeLifecycleModes', spec['volumeLifecycleModes'], old['volumeLifecycleModes']),
  ];
}

export const csiDriver: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  unconditionalUpdate: false,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.attachRequired ??= true;
    for (const name of ['podInfoOnMount', 'storageCapacity', 'requiresRepublish', 'seLinuxMount']) spec[name] ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
  },
  validate,
  validateUpdate,
  columns: [
    booleanColumn(
      'AttachRequired',
      'Whether its volumes have to be attached before they are mounted.',
      (object) => object['spec']?.attachRequired ?? true,
    ),
    booleanColumn(
      'PodInfoOnMount',
      'Whether it is told which pod a volume is mounted for.',
      (object) => object['spec']?.podInfoOnMount ?? false,
    ),
    booleanColumn(
      'StorageCapacity',
      'Whether it says how much it has left where.',
      (object) => object['spec']?.storageCapacity ?? false,
    ),
    textColumn(
      'TokenRequests',
      "The audiences of the pods' tokens that it is given.",
      (object) =>
        (object['spec']?.tokenRequests as Fields[] | undefined)?.map((one) => one['audience'] ?? '').join(',') ??
        '<unset>',
    ),
    booleanColumn(
      'RequiresRepublish',
      'Whether it is asked to mount again and again.',
      (object) => object['spec']?.requiresRepublish ?? false,
    ),
    textColumn(
      'Modes',
      'Which volumes it serves.',
      (object) => (object['spec']?.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
  ],
};
