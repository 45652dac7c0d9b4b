import { type HttpResponse, messageOf, rfc3339, type Timer } from '@keelson/base';
import { type ApiObject, type Resource, type ResourceCatalogue, sameValue } from '@keelson/model';
import type { ObjectChange } from '../admission/contract.ts';
import { apiServerUser } from '../bootstrap/create-missing.ts';
import type { Metric } from '../observe/metrics.ts';
import { Gauge } from '../observe/metrics.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { StatusError } from '../request/status-error.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import type { UpgradedConnection } from '../subresources/subresource-handler.ts';
import { AggregatedDocuments, type LocalDocuments } from './aggregated-documents.ts';
import { type Availability, obstacle, passed, withAvailability } from './availability.ts';
import { Backend, type BackendTools } from './backend.ts';
import { extensionAuthentication, extensionAuthenticationName } from './extension-authentication.ts';
import { builtInServices, customServices, registrationSteps } from './local-api-services.ts';
import type { KnownApi } from './merge-documents.ts';
import { proxyRequest, proxyUpgrade } from './proxy-request.ts';
import { type RemoteApi, remoteApiOf } from './remote-api.ts';
import { type RemoteDocuments, remoteDocuments } from './remote-documents.ts';

const group = 'apiregistration.k8s.io';
/** How often remote APIs are looked at, and how soon one that failed, in milliseconds. */
const checkPeriod = 30_000;
const retryPeriod = 5000;
/** How long changes are gathered before they are looked at. */
const settleTime = 20;
/** How often a backend is tried before it counts as gone: one of its endpoints may be going. */
const attempts = 3;

/** What aggregation needs of the composition. */
export interface AggregationOptions extends Pick<BackendTools, 'dial' | 'proxyCertificate'> {
  /** Who signs what backends believe: clients' certificates, and the proxy's own. PEM. */
  readonly authorities: { readonly client: string; readonly requestHeader: string };
}

interface Remote {
  api: RemoteApi;
  backend: Backend;
  documents: RemoteDocuments | undefined;
  /** When it is looked at next, in milliseconds of the monotonic clock. */
  due: number;
  checking: boolean;
}

/**
 * Serves group-versions that Services of the cluster answer (https://kubernetes.io/docs/concepts/extend-kubernetes/
 * api-extension/apiserver-aggregation/): registers what the server itself serves, passes requests on to those who answer
 * the rest, keeps their condition Available, and merges what they say of themselves into discovery and OpenAPI.
 */
export class Aggregator {
  readonly #tools: BackendTools;
  readonly #authorities: AggregationOptions['authorities'];
  readonly #writer: ObjectWriter;
  readonly #catalogue: ResourceCatalogue;
  readonly #resource: Resource | undefined;
  readonly #documents: AggregatedDocuments;
  /** By the APIService's name, which is `version.group`. */
  readonly #remotes = new Map<string, Remote>();
  #state = 0;
  #known: readonly KnownApi[] = [];
  #timer: Timer | undefined;
  #registering = false;
  #stopped = false;
  #unfollow: readonly (() => void)[] = [];

  constructor(
    tools: Omit<BackendTools, 'dial' | 'proxyCertificate'> & {
      readonly writer: ObjectWriter;
      readonly catalogue: ResourceCatalogue;
    },
    options: AggregationOptions,
  ) {
    this.#tools = {
      world: tools.world,
      reader: tools.reader,
      proxyCertificate: options.proxyCertificate,
      ...(options.dial ? { dial: options.dial } : {}),
    };
    this.#documents = new AggregatedDocuments(tools.world.clock);
    this.#authorities = options.authorities;
    this.#writer = tools.writer;
    this.#catalogue = tools.catalogue;
    this.#resource = tools.catalogue.find(group, 'v1', 'apiservices');
  }

  /** Registers what the server serves, and follows what is registered. The caches are filled. */
  async start(): Promise<void> {
    if (this.#resource === undefined) return;
    await this.#publishAuthentication();
    const { reader } = this.#tools;
    const stored = reader.list(group, 'apiservices');
    const custom = this.#custom();
    const names = new Set(custom.map(({ metadata }) => metadata!.name));
    const served = this.#catalogue.groupVersions.filter(({ group, version }) => !names.has(`${version}.${group}`));
    await this.#register(stored, [...builtInServices(served), ...custom]);
    const look = (key: (object: Readonly<ApiObject>) => string | undefined) => (change: ObjectChange) => {
      if (this.#remotes.size > 0) this.#touched(key(change.current ?? change.previous!));
    };
    this.#unfollow = [
      reader.observe(group, 'apiservices', (change) => this.#changed(change)),
      reader.observe(
        '',
        'services',
        look(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`),
      ),
      reader.observe(
        'discovery.k8s.io',
        'endpointslices',
        look(({ metadata }) => `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`),
      ),
      reader.observe('apiextensions.k8s.io', 'customresourcedefinitions', () => this.#schedule(settleTime)),
    ];
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const unfollow of this.#unfollow) unfollow();
    for (const { backend } of this.#remotes.values()) backend.close();
  }

  /** Who answers a request elsewhere; undefined when this server does. */
  backendOf(info: RequestInfo): Backend | undefined {
    if (this.#remotes.size === 0) return undefined;
    if (info.resourceRequest)
      return info.prefix === 'apis' ? this.#remotes.get(`${info.version}.${info.group}`)?.backend : undefined;
    const [root, first, second, third, fourth] = info.path.split('/').slice(1);
    if (root === 'apis' && !third) return this.#remotes.get(`${second}.${first}`)?.backend;
    if (root !== 'openapi' || first !== 'v3' || second !== 'apis') return undefined;
    return this.#remotes.get(`${fourth}.${third}`)?.backend;
  }

  respond(backend: Backend, context: RequestContext): Promise<HttpResponse> {
    return proxyRequest(backend, context);
  }

  upgrade(backend: Backend, context: RequestContext, connection: UpgradedConnection): Promise<void> {
    return proxyUpgrade(backend, context, connection);
  }

  /** Discovery and OpenAPI with what remote APIs add; undefined when they add nothing. @throws StatusError */
  document(
    path: string,
    headers: Readonly<Record<string, string>>,
    local: LocalDocuments,
  ): Promise<HttpResponse> | undefined {
    if (this.#remotes.size === 0) return undefined;
    return this.#documents.respond(path, headers, this.#known, this.#state, local);
  }

  metrics(): Metric[] {
    return [
      new Gauge(
        'aggregator_unavailable_apiservice',
        'Gauge of APIServices which are marked as unavailable broken down by APIService name.',
        () => [...this.#remotes.values()].map(({ api }) => [{ name: api.name }, api.available ? 0 : 1] as const),
      ),
    ];
  }

  #changed({ current, previous }: ObjectChange): void {
    const name = (current ?? previous!).metadata!.name!;
    const api = current && remoteApiOf(current);
    const known = this.#remotes.get(name);
    if (api === undefined) {
      known?.backend.close();
      this.#remotes.delete(name);
    } else if (known === undefined || !sameTarget(known.api, api)) {
      known?.backend.close();
      const backend = new Backend(this.#tools, api);
      this.#remotes.set(name, { api, backend, documents: undefined, due: 0, checking: false });
    } else {
      known.api = api;
      known.backend.api = api;
    }
    this.#refresh();
    this.#schedule(settleTime);
  }

  /** A Service, or its endpoints, changed. */
  #touched(service: string | undefined): void {
    for (const remote of this.#remotes.values()) {
      const { namespace, name } = remote.api.service;
      if (`${namespace}/${name}` !== service) continue;
      remote.due = 0;
      this.#schedule(settleTime);
    }
  }

  #refresh(): void {
    this.#state++;
    this.#known = [...this.#remotes.values()].map(({ api, documents }) => ({ api, documents }));
  }

  /** Looks at what is due `delay` from now, and at what is due later when it is. */
  #schedule(delay: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#tools.world.clock.setTimer(delay, () => this.#work());
  }

  #work(): void {
    if (!this.#registering) {
      this.#registering = true;
      void this.#keepCustom().finally(() => {
        this.#registering = false;
      });
    }
    const now = this.#tools.world.clock.monotonic();
    for (const remote of this.#remotes.values()) {
      if (remote.checking || remote.due > now) continue;
      remote.checking = true;
      remote.due = now + checkPeriod;
      void this.#check(remote).finally(() => {
        remote.checking = false;
        if (!remote.api.available) remote.due = Math.min(remote.due, this.#tools.world.clock.monotonic() + retryPeriod);
      });
    }
    if (this.#remotes.size > 0) this.#schedule(retryPeriod);
  }

  async #check(remote: Remote): Promise<void> {
    const found = obstacle(remote.api, this.#tools.reader) ?? (await this.#ask(remote));
    if (this.#remotes.get(remote.api.name) !== remote || this.#stopped) return;
    const now = rfc3339(this.#tools.world.clock.now());
    const { name } = remote.api;
    const present = this.#tools.reader.get(group, 'apiservices', '', name);
    if (present === undefined || withAvailability(present, found, now) === undefined) return;
    await this.#write(
      'status',
      { metadata: { name } } as ApiObject,
      (object) => withAvailability(object, found, now) ?? object,
    );
  }

  /** Asks a backend what it serves, which is also how one sees that it is there. */
  async #ask(remote: Remote): Promise<Availability> {
    let message = '';
    for (let attempt = 0; attempt < attempts; attempt++) {
      try {
        const documents = await remoteDocuments(remote.backend);
        if (!sameValue(documents, remote.documents)) {
          remote.documents = documents;
          this.#refresh();
        }
        return passed;
      } catch (error) {
        message = messageOf(error);
      }
    }
    return { status: 'False', reason: 'FailedDiscoveryCheck', message };
  }

  #custom(): ApiObject[] {
    return customServices(this.#tools.reader.list('apiextensions.k8s.io', 'customresourcedefinitions'));
  }

  async #keepCustom(): Promise<void> {
    await this.#register(this.#tools.reader.list(group, 'apiservices'), this.#custom());
  }

  async #register(stored: readonly Readonly<ApiObject>[], wanted: readonly ApiObject[]): Promise<void> {
    const steps = registrationSteps(stored, wanted);
    await Promise.all(
      steps.map(({ action, object }) => this.#write(action, object, () => structuredClone(object) as ApiObject)),
    );
  }

  async #write(
    action: 'create' | 'update' | 'delete' | 'status',
    { metadata }: Readonly<ApiObject>,
    make: (present: ApiObject) => ApiObject,
  ): Promise<void> {
    const subresource = action === 'status' ? 'status' : '';
    const context = { resource: this.#resource!, subresource, namespace: '', user: apiServerUser, dryRun: false };
    const name = metadata!.name!;
    try {
      const write = { ...context, warnings: [] };
      if (action === 'create') await this.#writer.create(write, () => make({}));
      else if (action === 'delete') await this.#writer.delete(write, name, { dryRun: false });
      else await this.#writer.update(write, name, make, action === 'status' ? 'status' : 'main');
    } catch (error) {
      // Somebody else was there before; it is looked at again.
      if (error instanceof StatusError && [404, 409].includes(error.code)) return;
      this.#tools.world.log.warn('keeping an APIService failed', { name, error: messageOf(error) });
    }
  }

  async #publishAuthentication(): Promise<void> {
    const resource = this.#catalogue.find('', 'v1', 'configmaps');
    if (resource === undefined) return;
    const wanted = extensionAuthentication(this.#authorities);
    const name = extensionAuthenticationName;
    const namespace = 'kube-system';
    const present = this.#tools.reader.get('', 'configmaps', namespace, name);
    if (sameValue(present?.['data'], wanted['data'])) return;
    const context = { resource, subresource: '', namespace, user: apiServerUser, dryRun: false, warnings: [] };
    if (present === undefined) await this.#writer.create(context, () => structuredClone(wanted));
    else
      await this.#writer.update(
        context,
        name,
        (object) => ({ ...object, data: { ...object['data'], ...wanted['data'] } }),
        'main',
      );
  }
}

/** Whether two APIs are reached in the same way. */
function sameTarget(one: RemoteApi, other: RemoteApi): boolean {
  return (
    one.uid === other.uid &&
    one.authorities === other.authorities &&
    one.insecure === other.insecure &&
    sameValue(one.service, other.service)
  );
}
