import { isIP } from 'node:net';
import { type Random, randomInteger } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import { badRequest, notFound, type StatusError, unavailableText } from '../request/status-error.ts';
import { type SchemeNamePort, splitSchemeNamePort } from './scheme-name-port.ts';

/** Where a proxied request goes. */
export interface ProxyLocation {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** Set when it is the API of this node's kubelet, which is reached in a way of its own. */
  readonly kubeletOf?: Readonly<ApiObject>;
}

/** Finds where requests for …/proxy lead; each has an id of the forms of `splitSchemeNamePort`. */
export class ProxyLocations {
  readonly #reader: ObjectReader;
  readonly #random: Random;

  constructor(reader: ObjectReader, random: Random) {
    this.#reader = reader;
    this.#random = random;
  }

  /** By default the first port that a container of the pod names, else that of the scheme. @throws StatusError 400, 404 */
  pod(namespace: string, id: string): ProxyLocation {
    const { scheme, name, port } = partsOf('pod', id);
    const pod = this.#get('pods', namespace, name);
    const host = addressOf(pod['status']?.podIP ?? pod['status']?.podIPs?.[0]?.ip ?? '');
    const ports: { name?: string; containerPort: number }[] = (pod['spec']?.containers ?? []).flatMap(
      (container: { ports?: { containerPort: number }[] }) => container.ports ?? [],
    );
    const tls = scheme === 'https';
    if (port === '') return { tls, host, port: ports[0]?.containerPort ?? (tls ? 443 : 80) };
    const number = ports.find((one) => one.name === port)?.containerPort ?? portNumber(port);
    if (number === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
    return { tls, host, port: number };
  }

  /**
   * One of the pods behind a service. A port is that of the service, by number or name; the only one has no name.
   * @throws StatusError 400, 404, 503
   */
  service(namespace: string, id: string): ProxyLocation {
    const { scheme, name, port } = partsOf('service', id);
    const service = this.#get('services', namespace, name);
    const portName = /^\d+$/.test(port) ? portNameOf(service, Number(port)) : port;
    const endpoints = this.#reader.get('', 'endpoints', namespace, name);
    if (endpoints === undefined) throw notFound({ group: '', resource: 'endpoints' }, name);
    const subsets: Subset[] = endpoints['subsets'] ?? [];
    if (subsets.length === 0) throw unavailableText(`no endpoints available for service ${JSON.stringify(name)}`);
    const candidates = subsets.flatMap(({ addresses = [], ports = [] }) => {
      const found = ports.find((one) => (one.name ?? '') === portName);
      if (found === undefined) return [];
      return addresses.filter((address) => this.#isPod(address)).map(({ ip }) => ({ host: ip, port: found.port }));
    });
    if (candidates.length === 0) throw unavailableText(`no endpoints available for service ${JSON.stringify(id)}`);
    return { tls: scheme === 'https', ...candidates[randomInteger(this.#random, candidates.length)]! };
  }

  /** The node's kubelet, or another port of the node's address. @throws StatusError 400, 404 */
  node(id: string): ProxyLocation {
    const { scheme, name, port } = partsOf('node', id);
    const node = this.#get('nodes', '', name);
    const addresses: { type: string; address: string }[] = node['status']?.addresses ?? [];
    const host = addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
    const kubelet: number = node['status']?.daemonEndpoints?.kubeletEndpoint?.Port || 10_250;
    const number = port === '' ? kubelet : portNumber(port);
    if (number === undefined) throw badRequest(`invalid node request ${JSON.stringify(id)}`);
    if (number === kubelet) return { tls: true, host, port: number, kubeletOf: node };
    return { tls: scheme === 'https', host: addressOf(host), port: number };
  }

  #get(resource: string, namespace: string, name: string): Readonly<ApiObject> {
    const found = this.#reader.get('', resource, namespace, name);
    if (found === undefined) throw notFound({ group: '', resource }, name);
    return found;
  }

  /** What no pod has is nobody's to reach through the API server: an Endpoints object could name any address. */
  #isPod({ ip, targetRef }: EndpointAddress): boolean {
    if (targetRef?.kind !== 'Pod' || !targetRef.name) return false;
    const pod = this.#reader.get('', 'pods', targetRef.namespace ?? '', targetRef.name);
    const addresses: { ip: string }[] = pod?.['status']?.podIPs ?? [];
    return pod?.['status']?.podIP === ip || addresses.some((one) => one.ip === ip);
  }
}

interface EndpointAddress {
  readonly ip: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
}

interface Subset {
  readonly addresses?: EndpointAddress[];
  readonly ports?: { readonly name?: string; readonly port: number }[];
}

function partsOf(kind: string, id: string): SchemeNamePort {
  const parts = splitSchemeNamePort(id);
  if (parts === undefined) throw badRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  return parts;
}

function portNumber(text: string): number | undefined {
  const number = Number(text);
  return /^\d{1,5}$/.test(text) && number > 0 && number < 65_536 ? number : undefined;
}

function portNameOf(service: Readonly<ApiObject>, number: number): string {
  const ports: { name?: string; port: number }[] = service['spec']?.ports ?? [];
  const found = ports.find((one) => one.port === number);
  if (found === undefined) throw noPort(service, number);
  return found.name ?? '';
}

function noPort(service: Readonly<ApiObject>, number: number): StatusError {
  return unavailableText(`no service port ${number} found for service ${JSON.stringify(service.metadata!.name)}`);
}

/** An address that others than this machine can have: the API server must not be led to itself. @throws StatusError 400 */
function addressOf(address: string): string {
  const local = /^(?:0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|24\d\.|25[0-5]\.|::1?$|f[ef][0-9a-f]{2}:|::ffff:)/i;
  if (isIP(address) === 0 || local.test(address)) throw badRequest('address not allowed');
  return address;
}
