/** The containers of a pod: regular, init and ephemeral. */
import {
  duplicate,
  type FieldError,
  forbidden,
  index,
  invalid,
  notFound,
  notSupported,
  required,
  tooMany,
} from '../../../../field-error.ts';
import { dnsLabelProblems, portNameProblems } from '../../../../metadata/names.ts';
import type { Fields } from '../fields.ts';
import { variableSourcesErrors, variablesErrors } from './environment.ts';
import { lastingContainerErrors } from './handlers.ts';
import { devicesErrors, mountsErrors, type Volumes } from './mounts.ts';
import { resourcesErrors } from './resources.ts';
import { oneOf, portNumber, problems, requiredText } from './scalars.ts';
import { containerSecurityErrors } from './security.ts';

/** What the containers of one pod are checked against. */
export interface PodContext {
  readonly path: string;
  readonly spec: Fields;
  readonly volumes: Volumes;
  readonly claims: ReadonlySet<string>;
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const NOT_FOR_INIT = 'may not be set for init containers without restartPolicy=Always';
const NOT_FOR_EPHEMERAL = 'cannot be set for an Ephemeral Container';
const EPHEMERAL_FORBIDDEN = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
];

function portsErrors(at: string, ports: readonly Fields[]): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, position) => {
    const field = index(at, position);
    const errors: FieldError[] = [];
    const name: string = port['name'] ?? '';
    if (name !== '') {
      errors.push(...problems(`${field}.name`, name, portNameProblems));
      if (errors.length === 0 && names.has(name)) errors.push(duplicate(`${field}.name`, name));
      names.add(name);
    }
    const [inside, outside]: [number, number] = [port['containerPort'] ?? 0, port['hostPort'] ?? 0];
    errors.push(
      ...(inside === 0 ? [required(`${field}.containerPort`)] : portNumber(`${field}.containerPort`, inside)),
    );
    if (outside !== 0) errors.push(...portNumber(`${field}.hostPort`, outside));
    return [...errors, ...oneOf(`${field}.protocol`, port['protocol'], PROTOCOLS)];
  });
}

function hostPortConflicts(list: string, containers: readonly Fields[]): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap((container, i) =>
    ((container['ports'] ?? []) as Fields[]).flatMap((port, j) => {
      if ((port['hostPort'] ?? 0) === 0) return [];
      const identity = `${port['protocol']}/${port['hostIP'] ?? ''}/${port['hostPort']}`;
      if (taken.has(identity)) return [duplicate(`${index(`${index(list, i)}.ports`, j)}.hostPort`, identity)];
      taken.add(identity);
      return [];
    }),
  );
}

function resizeErrors(at: string, policies: readonly Fields[], podRestart: string): FieldError[] {
  const seen = new Set<string>();
  return policies.flatMap((policy, position) => {
    const { resourceName = '', restartPolicy = '' } = policy as Record<string, string>;
    const errors = seen.has(resourceName) ? [duplicate(index(at, position), resourceName)] : [];
    seen.add(resourceName);
    errors.push(...oneOf(at, resourceName, ['cpu', 'memory']));
    errors.push(...oneOf(at, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (podRestart === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(at, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

function commonErrors(at: string, container: Fields, context: PodContext): FieldError[] {
  const name: string = container['name'] ?? '';
  return [
    ...(name === '' ? [required(`${at}.name`)] : problems(`${at}.name`, name, dnsLabelProblems)),
    ...requiredText(`${at}.image`, container['image']),
    ...oneOf(`${at}.terminationMessagePolicy`, container['terminationMessagePolicy'], [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...portsErrors(`${at}.ports`, container['ports'] ?? []),
    ...variablesErrors(`${at}.env`, container['env'] ?? []),
    ...variableSourcesErrors(`${at}.envFrom`, container['envFrom'] ?? []),
    ...mountsErrors(`${at}.volumeMounts`, container, context.volumes),
    ...devicesErrors(`${at}.volumeDevices`, container, context.volumes),
    ...oneOf(`${at}.imagePullPolicy`, container['imagePullPolicy'], ['Always', 'IfNotPresent', 'Never']),
    ...resourcesErrors(`${at}.resources`, container['resources'] ?? {}, context.claims),
    ...resizeErrors(`${at}.resizePolicy`, container['resizePolicy'] ?? [], context.spec['restartPolicy']),
    ...containerSecurityErrors(
      `${at}.securityContext`,
      container['securityContext'],
      context.spec['hostUsers'] !== false,
    ),
  ];
}

const MOST_RULES = 20;
const MOST_EXIT_CODES = 255;

/** The restart policy of one container, and the rules that come before it. */
function restartErrors(at: string, container: Fields): FieldError[] {
  const policy: string | undefined = container['restartPolicy'];
  const rules: Fields[] = container['restartPolicyRules'] ?? [];
  const errors: FieldError[] = [];
  const values = ['Always', 'Never', 'OnFailure'];
  if (policy !== undefined && !values.includes(policy)) {
    errors.push(notSupported(`${at}.restartPolicy`, policy, values));
  }
  if (rules.length > 0 && policy === undefined) {
    errors.push(required(`${at}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  }
  if (rules.length > MOST_RULES) errors.push(tooMany(`${at}.restartPolicyRules`, rules.length, MOST_RULES));
  rules.forEach((rule, position) => {
    errors.push(...ruleErrors(index(`${at}.restartPolicyRules`, position), rule));
  });
  return errors;
}

/** One rule; an empty list of exit codes is allowed, and matches none. */
function ruleErrors(at: string, rule: Fields): FieldError[] {
  const errors = among(`${at}.action`, rule['action'], ['Restart', 'RestartAllContainers']);
  const codes: Fields | undefined = rule['exitCodes'];
  if (codes === undefined) return [...errors, required(`${at}.exitCodes`, 'must be specified')];
  errors.push(...among(`${at}.exitCodes.operator`, codes['operator'], ['In', 'NotIn']));
  const count = (codes['values'] ?? []).length;
  if (count > MOST_EXIT_CODES) errors.push(tooMany(`${at}.exitCodes.values`, count, MOST_EXIT_CODES));
  return errors;
}

/** One of `values`; here an empty one is not supported, rather than missing. */
function among(at: string, value: string | undefined, values: readonly string[]): FieldError[] {
  return values.includes(value ?? '') ? [] : [notSupported(at, value ?? '', values)];
}

function gracePeriodOf(spec: Fields): number | undefined {
  return spec['terminationGracePeriodSeconds'];
}

function regularErrors(context: PodContext): FieldError[] {
  const list = `${context.path}.containers`;
  const containers: Fields[] = context.spec['containers'] ?? [];
  if (containers.length === 0) return [required(list)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, position) => {
    const at = index(list, position);
    const found = commonErrors(at, container, context);
    if (names.has(container['name'])) found.push(duplicate(`${at}.name`, container['name']));
    names.add(container['name']);
    found.push(...lastingContainerErrors(at, container, gracePeriodOf(context.spec)));
    return [...found, ...restartErrors(at, container)];
  });
  return [...errors, ...hostPortConflicts(list, containers)];
}

function initErrors(context: PodContext): FieldError[] {
  const list = `${context.path}.initContainers`;
  const regular: Fields[] = context.spec['containers'] ?? [];
  const names = new Set<string>(regular.map((container) => container['name']));
  return ((context.spec['initContainers'] ?? []) as Fields[]).flatMap((container, position) => {
    const at = index(list, position);
    const errors = [...commonErrors(at, container, context), ...restartErrors(at, container)];
    const name: string = container['name'] ?? '';
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else if (name !== '') names.add(name);
    errors.push(...hostPortConflicts(list, [container]));
    if (container['restartPolicy'] === 'Always') {
      return [...errors, ...lastingContainerErrors(at, container, gracePeriodOf(context.spec))];
    }
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      if (container[field] !== undefined) errors.push(forbidden(`${at}.${field}`, NOT_FOR_INIT));
    }
    return errors;
  });
}

function ephemeralErrors(context: PodContext): FieldError[] {
  const list = `${context.path}.ephemeralContainers`;
  const others: Fields[] = [...(context.spec['containers'] ?? []), ...(context.spec['initContainers'] ?? [])];
  const lasting = new Set<string>(others.map((container) => container['name']));
  const names = new Set(lasting);
  return ((context.spec['ephemeralContainers'] ?? []) as Fields[]).flatMap((container, position) => {
    const at = index(list, position);
    const errors = [...commonErrors(at, container, context), ...imageSpaceErrors(at, container)];
    const name: string = container['name'] ?? '';
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    const target: string = container['targetContainerName'] ?? '';
    if (target !== '' && !lasting.has(target)) errors.push(notFound(`${at}.targetContainerName`, target));
    for (const field of EPHEMERAL_FORBIDDEN) {
      const value = container[field];
      const empty = value === undefined || (Array.isArray(value) && value.length === 0);
      if (!empty) errors.push(forbidden(`${at}.${field}`, NOT_FOR_EPHEMERAL));
    }
    if (Object.keys(container['resources'] ?? {}).length > 0) {
      errors.push(forbidden(`${at}.resources`, NOT_FOR_EPHEMERAL));
    }
    ((container['volumeMounts'] ?? []) as Fields[]).forEach((mount, i) => {
      for (const field of ['subPath', 'subPathExpr']) {
        if ((mount[field] ?? '') === '') continue;
        errors.push(forbidden(`${index(`${at}.volumeMounts`, i)}.${field}`, NOT_FOR_EPHEMERAL));
      }
    });
    return errors;
  });
}

/** Templates may have names of images with spaces around them, pods may not. */
export function imageSpaceErrors(at: string, container: Fields): FieldError[] {
  const image: string = container['image'] ?? '';
  if (image.trim() === image) return [];
  return [invalid(`${at}.image`, image, 'must not have leading or trailing whitespace')];
}

export function containersErrors(context: PodContext): FieldError[] {
  return [...regularErrors(context), ...initErrors(context), ...ephemeralErrors(context)];
}
