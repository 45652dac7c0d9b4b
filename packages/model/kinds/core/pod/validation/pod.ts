/** Everything wrong with a pod, with a change of it, and with a report of its status. */
import { duplicate, type FieldError, forbidden, index, invalid } from '../../../../field-error.ts';
import { addressErrors, addressFamily } from '../../../../metadata/addresses.ts';
import { dnsSubdomainProblems, qualifiedNameProblems } from '../../../../metadata/names.ts';
import { immutable } from '../../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../../object.ts';
import type { Fields } from '../fields.ts';
import { isSidecar } from '../resource-requests.ts';
import { imageSpaceErrors } from './containers.ts';
import { podChangeErrors } from './pod-changes.ts';
import { podSpecErrors } from './pod-spec.ts';
import { problems } from './scalars.ts';

/** Marks the image of a pod that a node started by itself. */
export const MIRROR = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

function annotationErrors(object: Readonly<ApiObject>): FieldError[] {
  const annotations = object.metadata?.annotations ?? {};
  const errors: FieldError[] = [];
  if (annotations[MIRROR] !== undefined && (object['spec']?.nodeName ?? '') === '') {
    const text = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(`metadata.annotations[${MIRROR}]`, annotations[MIRROR], text));
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isCost(cost)) {
    errors.push(invalid(`metadata.annotations[${DELETION_COST}]`, cost, 'must be a 32bit integer'));
  }
  return errors;
}

/** A whole number of 32 bits, without a plus sign or zeros before it. */
function isCost(text: string): boolean {
  return /^(0|-?[1-9][0-9]{0,9})$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function tokenErrors(spec: Fields): FieldError[] {
  if ((spec['serviceAccountName'] ?? '') !== '') return [];
  return ((spec['volumes'] ?? []) as Fields[]).flatMap((volume, i) =>
    ((volume['projected']?.sources ?? []) as Fields[]).flatMap((source, j) => {
      if (source['serviceAccountToken'] === undefined) return [];
      const at = `${index(`${index('spec.volumes', i)}.projected.sources`, j)}.serviceAccountToken`;
      return [forbidden(at, 'must not be specified when serviceAccountName is not set')];
    }),
  );
}

/** What holds for a pod at any time, not only when it is made. */
export function standingErrors(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const errors = [
    ...annotationErrors(object),
    ...podSpecErrors('spec', spec, object.metadata?.name ?? '', true),
    ...tokenErrors(spec),
  ];
  for (const list of ['containers', 'initContainers']) {
    ((spec[list] ?? []) as Fields[]).forEach((container, position) => {
      errors.push(...imageSpaceErrors(index(`spec.${list}`, position), container));
    });
  }
  return errors;
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const errors = standingErrors(object);
  if ((spec['ephemeralContainers'] ?? []).length > 0) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if ((spec['nodeName'] ?? '') !== '' && (spec['schedulingGates'] ?? []).length > 0) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return errors;
}

/** Whether a pod is the image of one that its node started by itself cannot change. */
function mirrorErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [next, old] = [object.metadata?.annotations?.[MIRROR], previous.metadata?.annotations?.[MIRROR]];
  if (next === old) return [];
  const text =
    old === undefined ? 'may not add mirror pod annotation' : 'may not remove or update mirror pod annotation';
  return [forbidden(`metadata.annotations[${MIRROR}]`, text)];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return [
    ...mirrorErrors(object, previous),
    ...annotationErrors(object),
    ...podChangeErrors(object['spec'] ?? {}, previous['spec'] ?? {}),
  ];
}

function addressListErrors(at: string, addresses: readonly { ip?: string }[]): FieldError[] {
  const errors = addresses.flatMap((address, i) => addressErrors(index(at, i), address.ip ?? ''));
  if (addresses.length < 2) return errors;
  const families = new Set(addresses.map((address) => addressFamily(address.ip ?? '')));
  if (families.size < 2 || addresses.length > 2) {
    errors.push(invalid(at, addresses, 'may specify no more than one IP for each IP family'));
  }
  const seen = new Set<string | undefined>();
  addresses.forEach((address, i) => {
    if (seen.has(address.ip)) errors.push(duplicate(index(at, i), address));
    seen.add(address.ip);
  });
  return errors;
}

/** A container that has ended for good does not come back to life. */
function revivedErrors(
  at: string,
  next: readonly Fields[],
  previous: readonly Fields[],
  mayReturn: (old: Fields) => boolean,
): FieldError[] {
  return previous.flatMap((old, i) => {
    if (old['state']?.terminated === undefined || mayReturn(old)) return [];
    const revived = next.some((one) => one['name'] === old['name'] && one['state']?.terminated === undefined);
    return revived ? [forbidden(`${index(at, i)}.state`, 'may not be transitioned to non-terminated state')] : [];
  });
}

function containerStateErrors(status: Fields, before: Fields, spec: Fields): FieldError[] {
  const policy: string = spec['restartPolicy'] ?? 'Always';
  const containers: Fields[] = [...(spec['containers'] ?? []), ...(spec['initContainers'] ?? [])];
  const mayReturn = (old: Fields): boolean => {
    const container = containers.find((one) => one['name'] === old['name']);
    // A container that has a policy of its own is judged by the kubelet, which knows its rules.
    if (container !== undefined && (isSidecar(container) || container['restartPolicy'] !== undefined)) return true;
    return policy === 'Always' || (policy === 'OnFailure' && (old['state'].terminated.exitCode ?? 0) !== 0);
  };
  const check = (list: string, allowed: (old: Fields) => boolean) =>
    revivedErrors(`status.${list}`, status[list] ?? [], before[list] ?? [], allowed);
  return [
    ...check('containerStatuses', mayReturn),
    ...check('initContainerStatuses', mayReturn),
    ...check('ephemeralContainerStatuses', () => false),
  ];
}

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const status: Fields = object['status'] ?? {};
  const before: Fields = previous['status'] ?? {};
  const errors = mirrorErrors(object, previous);
  ((status['conditions'] ?? []) as Fields[]).forEach((condition, i) => {
    // The path is upstream's, which starts at the metadata.
    errors.push(...problems(`${index('metadata.conditions', i)}.Type`, condition['type'] ?? '', qualifiedNameProblems));
  });
  const nominated: string = status['nominatedNodeName'] ?? '';
  if (nominated !== '' && nominated !== before['nominatedNodeName']) {
    errors.push(...problems('status.nominatedNodeName', nominated, dnsSubdomainProblems));
  }
  if ((before['qosClass'] ?? '') !== '')
    errors.push(...immutable('status.qosClass', status['qosClass'], before['qosClass']));
  errors.push(...containerStateErrors(status, before, previous['spec'] ?? {}));
  errors.push(...addressListErrors('status.podIPs', status['podIPs'] ?? []));
  const hosts: { ip?: string }[] = status['hostIPs'] ?? [];
  if (hosts.length > 0 && hosts[0]!.ip !== status['hostIP']) {
    errors.push(invalid('status.hostIPs[0].ip', hosts[0]!.ip, 'must be equal to `hostIP`'));
  }
  return [...errors, ...addressListErrors('status.hostIPs', hosts)];
}
