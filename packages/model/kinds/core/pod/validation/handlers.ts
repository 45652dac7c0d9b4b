/** Probes and lifecycle hooks: what they call, and when. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../../../field-error.ts';
import { headerNameProblems } from '../../../../metadata/names.ts';
import type { Fields } from '../fields.ts';
import { notNegative, portNumberOrName, problems, requiredText } from './scalars.ts';

type Check = (at: string, action: Fields, gracePeriod: number | undefined) => FieldError[];

const checks: Readonly<Record<string, Check>> = {
  exec: (at, action) => ((action['command'] ?? []).length === 0 ? [required(`${at}.command`)] : []),
  httpGet: (at, action) => [
    ...requiredText(`${at}.path`, action['path']),
    ...portNumberOrName(`${at}.port`, action['port']),
    ...(['HTTP', 'HTTPS'].includes(action['scheme'])
      ? []
      : [notSupported(`${at}.scheme`, action['scheme'] ?? '', ['HTTP', 'HTTPS'])]),
    ...((action['httpHeaders'] ?? []) as Fields[]).flatMap((header) =>
      problems(`${at}.httpHeaders`, header['name'] ?? '', headerNameProblems),
    ),
  ],
  tcpSocket: (at, action) => portNumberOrName(`${at}.port`, action['port']),
  grpc: (at, action) => portNumberOrName(`${at}.port`, action['port']),
  sleep: (at, action, gracePeriod) => {
    const seconds: number = action['seconds'] ?? 0;
    if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return [];
    const text = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
    return [invalid(at, seconds, text)];
  },
};

const PROBE_HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const LIFECYCLE_HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'sleep'];

function handlerErrors(
  at: string,
  handler: Fields,
  kinds: readonly string[],
  gracePeriod: number | undefined,
): FieldError[] {
  const [first, ...others] = kinds.filter((kind) => handler[kind] !== undefined);
  if (first === undefined) return [required(at, 'must specify a handler type')];
  return [
    ...checks[first]!(`${at}.${first}`, handler[first], gracePeriod),
    ...others.map((kind) => forbidden(`${at}.${kind}`, 'may not specify more than 1 handler type')),
  ];
}

const COUNTS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

function probeErrors(at: string, probe: Fields, gracePeriod: number | undefined): FieldError[] {
  const errors = [
    ...handlerErrors(at, probe, PROBE_HANDLERS, gracePeriod),
    ...COUNTS.flatMap((name) => notNegative(`${at}.${name}`, probe[name])),
  ];
  const own: number | undefined = probe['terminationGracePeriodSeconds'];
  if (own !== undefined && own <= 0) {
    errors.push(invalid(`${at}.terminationGracePeriodSeconds`, own, 'must be greater than 0'));
  }
  return errors;
}

/** The probes and hooks of a container that goes on running. */
export function lastingContainerErrors(at: string, container: Fields, gracePeriod: number | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const hook of ['postStart', 'preStop']) {
    const handler = container['lifecycle']?.[hook];
    if (handler !== undefined) {
      errors.push(...handlerErrors(`${at}.lifecycle.${hook}`, handler, LIFECYCLE_HANDLERS, gracePeriod));
    }
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe: Fields | undefined = container[name];
    if (probe === undefined) continue;
    const field = `${at}.${name}`;
    errors.push(...probeErrors(field, probe, gracePeriod));
    if (name !== 'readinessProbe' && probe['successThreshold'] !== 1) {
      errors.push(invalid(`${field}.successThreshold`, probe['successThreshold'] ?? 0, 'must be 1'));
    }
    const own = probe['terminationGracePeriodSeconds'];
    if (name === 'readinessProbe' && own !== undefined) {
      errors.push(invalid(`${field}.terminationGracePeriodSeconds`, own, 'must not be set for readinessProbes'));
    }
  }
  return errors;
}
