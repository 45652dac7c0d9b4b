import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '@keelson/model/generated/types/core-v1.ts';
import {
  type Allocatable,
  DanglingReference,
  type PodPlace,
  podField,
  resourceField,
} from '../pods/field-reference.ts';
import { expand } from './expansion.ts';

/** Where variables come from besides the pod itself. The getters resolve to undefined for what does not exist. */
export interface EnvironmentSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  readonly services: readonly Service[];
  readonly place: PodPlace;
  readonly allocatable: Allocatable;
}

/**
 * A container's environment in the order in which it is set; a name that comes again replaces the former value.
 * @throws DanglingReference with upstream's words when something that is not optional is missing.
 */
export async function environmentOf(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const namespace = pod.metadata?.namespace ?? '';
  const result = new Map<string, string>();
  const services = serviceVariables(namespace, sources.services, pod.spec?.enableServiceLinks !== false);
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const map = configMapRef
      ? await wholeConfigMap(namespace, configMapRef.name ?? '', configMapRef.optional ?? false, sources)
      : await wholeSecret(namespace, secretRef?.name ?? '', secretRef?.optional ?? false, sources);
    for (const [key, value] of Object.entries(map)) result.set(prefix + key, value);
  }
  const known = new Map([...services, ...result]);
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, known, sources);
    if (value === undefined) continue;
    result.set(variable.name, value);
    known.set(variable.name, value);
  }
  for (const [name, value] of services) if (!result.has(name)) result.set(name, value);
  return result;
}

async function variableValue(
  pod: Pod,
  container: Container,
  { value, valueFrom }: EnvVar,
  known: ReadonlyMap<string, string>,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  const namespace = pod.metadata?.namespace ?? '';
  if (valueFrom === undefined) return expand(value ?? '', (name) => known.get(name));
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return podField(pod, fieldRef.fieldPath ?? '', sources.place);
  if (resourceFieldRef) {
    const { containerName } = resourceFieldRef;
    const named = containerName
      ? [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find((one) => one.name === containerName)
      : container;
    return resourceField(pod, named, resourceFieldRef, sources.allocatable);
  }
  if (configMapKeyRef) {
    const { name = '', key, optional = false } = configMapKeyRef;
    const configMap = await sources.configMap(namespace, name);
    if (configMap === undefined) return missing(optional, `configmap "${name}" not found`);
    const text = configMap.data?.[key];
    if (text !== undefined) return text;
    const bytes = configMap.binaryData?.[key];
    if (bytes !== undefined) return Buffer.from(bytes, 'base64').toString('utf8');
    return missing(optional, `couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (secretKeyRef) {
    const { name = '', key, optional = false } = secretKeyRef;
    const secret = await sources.secret(namespace, name);
    if (secret === undefined) return missing(optional, `secret "${name}" not found`);
    const bytes = secret.data?.[key];
    if (bytes === undefined) return missing(optional, `couldn't find key ${key} in Secret ${namespace}/${name}`);
    return Buffer.from(bytes, 'base64').toString('utf8');
  }
  return '';
}

function missing(optional: boolean, message: string): undefined {
  if (!optional) throw new DanglingReference(message);
  return undefined;
}

async function wholeConfigMap(
  namespace: string,
  name: string,
  optional: boolean,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const configMap = await sources.configMap(namespace, name);
  if (configMap === undefined) missing(optional, `configmap "${name}" not found`);
  return configMap?.data ?? {};
}

async function wholeSecret(
  namespace: string,
  name: string,
  optional: boolean,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const secret = await sources.secret(namespace, name);
  if (secret === undefined) missing(optional, `secret "${name}" not found`);
  const data = Object.entries(secret?.data ?? {});
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
}

/**
 * The variables that tell of Services with a cluster address: those of the pod's namespace when `links` is true, and
 * default/kubernetes always.
 */
export function serviceVariables(namespace: string, services: readonly Service[], links: boolean): Map<string, string> {
  const byName = new Map<string, Service>();
  const addressed = services.filter(({ spec }) => spec?.clusterIP && spec.clusterIP !== 'None');
  for (const service of addressed)
    if (service.metadata?.namespace === 'default' && service.metadata.name === 'kubernetes')
      byName.set('kubernetes', service);
  if (links)
    for (const service of addressed)
      if (service.metadata?.namespace === namespace) byName.set(service.metadata.name ?? '', service);
  const variables = new Map<string, string>();
  for (const [name, service] of byName) addServiceVariables(variables, name, service);
  return variables;
}

function addServiceVariables(variables: Map<string, string>, name: string, { spec }: Service): void {
  const ports = spec?.ports ?? [];
  const [first] = ports;
  if (first === undefined) return;
  const upper = name.toUpperCase().replaceAll('-', '_');
  const address = spec!.clusterIP!;
  const host = address.includes(':') ? `[${address}]` : address;
  variables.set(`${upper}_SERVICE_HOST`, address);
  variables.set(`${upper}_SERVICE_PORT`, String(first.port));
  for (const port of ports)
    if (port.name)
      variables.set(`${upper}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
  ports.forEach(({ port, protocol = 'TCP' }, at) => {
    const lower = protocol.toLowerCase();
    const url = `${lower}://${host}:${port}`;
    const prefix = `${upper}_PORT_${port}_${protocol.toUpperCase()}`;
    if (at === 0) variables.set(`${upper}_PORT`, url);
    variables.set(prefix, url);
    variables.set(`${prefix}_PROTO`, lower);
    variables.set(`${prefix}_PORT`, String(port));
    variables.set(`${prefix}_ADDR`, address);
  });
}
