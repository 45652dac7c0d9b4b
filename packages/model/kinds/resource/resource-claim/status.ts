import { type FieldError, forbidden, invalid, notSupported } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { driverNameErrors } from '../../core/persistent-volume/sources.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { requiredText } from '../../core/pod/validation/scalars.ts';
import { nodeSelectorErrors } from '../../core/pod/validation/scheduling.ts';
import { type RequestNames, referencesErrors, requestNamesOf, requestReferenceErrors } from '../device-claim.ts';
import { configurationErrors, rawObjectErrors } from '../device-configuration.ts';
import { listErrors, setErrors } from '../lists.ts';
import { labelNameErrors, poolNameErrors } from '../names.ts';

const MOST_USERS = 256;
const MOST_RESULTS = 32;
const MOST_CONFIGURATIONS = 64;
const SOURCES = ['FromClaim', 'FromClass'];

/** One device of all that there are. */
function identityOf(device: Fields): string {
  const share = device['shareID'] === undefined ? '' : `/${device['shareID']}`;
  return `${device['driver']}/${device['pool']}/${device['device']}${share}`;
}

function deviceErrors(at: string, device: Fields): FieldError[] {
  return [
    ...driverNameErrors(`${at}.driver`, device['driver'] ?? ''),
    ...poolNameErrors(`${at}.pool`, device['pool'] ?? ''),
    ...labelNameErrors(`${at}.device`, device['device'] ?? ''),
  ];
}

function allocationErrors(at: string, allocation: Fields, names: RequestNames): FieldError[] {
  const devices: Fields = allocation['devices'] ?? {};
  const selector: Fields | undefined = allocation['nodeSelector'];
  return [
    ...listErrors<Fields>(`${at}.devices.results`, devices['results'], MOST_RESULTS, (result, field) => [
      ...requestReferenceErrors(`${field}.request`, result['request'] ?? '', names),
      ...deviceErrors(field, result),
    ]),
    ...listErrors<Fields>(`${at}.devices.config`, devices['config'], MOST_CONFIGURATIONS, (one, field) => {
      const source: string = one['source'] ?? '';
      const known = source === '' || SOURCES.includes(source);
      return [
        ...requiredText(`${field}.source`, source),
        ...(known ? [] : [notSupported(`${field}.source`, source, SOURCES)]),
        ...referencesErrors(`${field}.requests`, one['requests'], names),
        ...configurationErrors(field, one),
      ];
    }),
    ...(selector === undefined ? [] : nodeSelectorErrors(`${at}.nodeSelector`, selector)),
  ];
}

function reservationErrors(status: Fields, before: Fields, deleted: boolean): FieldError[] {
  const users: Fields[] = status['reservedFor'] ?? [];
  const at = 'status.reservedFor';
  const errors = setErrors(
    at,
    users,
    MOST_USERS,
    (user, field) => ['resource', 'name', 'uid'].flatMap((name) => requiredText(`${field}.${name}`, user[name])),
    (user) => user['uid'] ?? '',
  );
  if (users.length === 0) return errors;
  if (status['allocation'] === undefined) {
    return [...errors, forbidden(at, 'may not be specified when `allocated` is not set')];
  }
  const old: Fields[] = before['reservedFor'] ?? [];
  const added = deleted && users.some((user) => !old.some((one) => sameValue(one, user)));
  const text = 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return added ? [...errors, forbidden(at, text)] : errors;
}

/** Everything wrong with a change of a claim's status. */
export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [status, before]: [Fields, Fields] = [object['status'] ?? {}, previous['status'] ?? {}];
  const { allocation } = status;
  const allocated = new Set(((allocation?.devices?.results ?? []) as Fields[]).map(identityOf));
  const errors = reservationErrors(status, before, object.metadata?.deletionTimestamp !== undefined);
  errors.push(
    ...setErrors<Fields>(
      'status.devices',
      status['devices'],
      Number.POSITIVE_INFINITY,
      (device, at) => {
        const identity = identityOf(device);
        const found = deviceErrors(at, device);
        if (!allocated.has(identity)) found.push(invalid(at, identity, 'must be an allocated device in the claim'));
        if (device['data'] !== undefined) found.push(...rawObjectErrors(`${at}.data`, device['data']));
        return found;
      },
      identityOf,
    ),
  );
  if (allocation === undefined) return errors;
  if (before['allocation'] !== undefined) {
    return [...errors, ...immutable('status.allocation', allocation, before['allocation'])];
  }
  return [...errors, ...allocationErrors('status.allocation', allocation, requestNamesOf(object['spec']?.devices))];
}

/** `allocated,reserved`, `pending`, `deleted`. */
export function stateText(object: Readonly<ApiObject>): string {
  const deleted = object.metadata?.deletionTimestamp !== undefined;
  const status: Fields = object['status'] ?? {};
  const words = deleted ? ['deleted'] : [];
  if (status['allocation'] === undefined) {
    if (!deleted) words.push('pending');
  } else {
    words.push('allocated');
    if ((status['reservedFor'] ?? []).length > 0) words.push('reserved');
  }
  return words.join(',');
}
