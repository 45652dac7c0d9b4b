import { type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import { claimSpecErrors } from '../../core/persistent-volume-claim/claim-spec.ts';
import type { Fields } from '../../core/pod/fields.ts';
import {
  collisionCountErrors,
  lastingTemplateErrors,
  nonNegative,
  notMoreThanAll,
  numberIn,
  positiveIntOrPercent,
  selectorErrors,
  statusCounts,
  templateLabelErrors,
} from '../workload-validation.ts';

const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function updateStrategyErrors(at: string, strategy: Fields): FieldError[] {
  const { type = '', rollingUpdate } = strategy;
  if (type === '') return [required(at)];
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return [];
    return [invalid(`${at}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")];
  }
  if (type !== 'RollingUpdate') return [invalid(at, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  const errors = nonNegative(`${at}.rollingUpdate.partition`, partition);
  if (maxUnavailable === undefined) return errors;
  const field = `${at}.rollingUpdate.maxUnavailable`;
  errors.push(...positiveIntOrPercent(field, maxUnavailable));
  if (numberIn(maxUnavailable) === 0) errors.push(invalid(field, maxUnavailable, 'cannot be 0'));
  return [...errors, ...notMoreThanAll(field, maxUnavailable)];
}

function policyErrors(spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const management = spec['podManagementPolicy'] ?? '';
  if (management === '') errors.push(required('spec.podManagementPolicy'));
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'"));
  }
  errors.push(...updateStrategyErrors('spec.updateStrategy', spec['updateStrategy'] ?? {}));
  const retention: Fields | undefined = spec['persistentVolumeClaimRetentionPolicy'];
  for (const when of retention === undefined ? [] : ['whenDeleted', 'whenScaled']) {
    const policy = retention![when] ?? '';
    if (policy === 'Retain' || policy === 'Delete') continue;
    errors.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy, ['Retain', 'Delete']));
  }
  return errors;
}

/** Volumes of the template are checked together with those that its claims will make: mounts may name either. */
function withClaims(spec: Fields): Fields {
  const template: Fields = spec['template'] ?? {};
  const claims = (spec['volumeClaimTemplates'] ?? []).map(({ metadata }: Fields) => metadata?.name ?? '');
  const made = new Set<string>(claims.filter((name: string) => dnsLabelProblems(name).length === 0));
  if (made.size === 0) return template;
  const own = (template['spec']?.volumes ?? []).filter((volume: Fields) => !made.has(volume['name']));
  const volumes = [...made].map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template['spec'], volumes: [...own, ...volumes] } };
}

function specErrors(spec: Fields): FieldError[] {
  return [
    ...policyErrors(spec),
    ...nonNegative('spec.replicas', spec['replicas']),
    ...nonNegative('spec.minReadySeconds', spec['minReadySeconds']),
    ...nonNegative('spec.ordinals.start', spec['ordinals']?.start),
    ...selectorErrors(spec['selector'], 'statefulset'),
    ...templateLabelErrors(spec['selector'], spec['template'] ?? {}),
  ];
}

function templateErrors(spec: Fields): FieldError[] {
  return lastingTemplateErrors(withClaims(spec), 'StatefulSet');
}

function claimTemplatesErrors(spec: Fields): FieldError[] {
  return ((spec['volumeClaimTemplates'] ?? []) as Fields[]).flatMap((claim, position) => {
    const at = index('spec.volumeClaimTemplates', position);
    const name: string = claim['metadata']?.name ?? '';
    const form = dnsSubdomainProblems(name).map((problem) => invalid(`${at}.metadata.name`, name, problem));
    return [...form, ...claimSpecErrors(`${at}.spec`, claim['spec'] ?? {})];
  });
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const service: string = spec['serviceName'] ?? '';
  const serviceErrors = service === '' ? [] : dnsLabelProblems(service);
  return [
    ...specErrors(spec),
    ...serviceErrors.map((problem) => invalid('spec.serviceName', service, problem)),
    ...templateErrors(spec),
    ...claimTemplatesErrors(spec),
  ];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const [spec, old]: [Fields, Fields] = [object['spec'] ?? {}, previous['spec'] ?? {}];
  // A template that was let in by an older version and has not changed is in nobody's way.
  const errors = [...specErrors(spec), ...(sameValue(spec['template'], old['template']) ? [] : templateErrors(spec))];
  const taken = Object.fromEntries(CHANGEABLE.map((name) => [name, old[name]]));
  if (!sameValue({ ...spec, ...taken }, old)) {
    const names = `${CHANGEABLE.slice(0, -1)
      .map((name) => `'${name}'`)
      .join(', ')} and '${CHANGEABLE.at(-1)}'`;
    errors.push(forbidden('spec', `updates to statefulset spec for fields other than ${names} are forbidden`));
  }
  return errors;
}

const COUNTS = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const status: Fields = object['status'] ?? {};
  const { replicas = 0, availableReplicas = 0, readyReplicas = 0 } = status;
  const errors = statusCounts(status, ['replicas', ...COUNTS, 'observedGeneration', 'collisionCount']);
  for (const name of COUNTS) {
    if ((status[name] ?? 0) <= replicas) continue;
    errors.push(invalid(`status.${name}`, status[name], 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    const text = 'cannot be greater than status.readyReplicas';
    errors.push(invalid('status.availableReplicas', availableReplicas, text));
  }
  return [...errors, ...collisionCountErrors(status, previous['status'] ?? {})];
}
