import { type HttpHandler, type HttpRequest, type HttpResponse, isStream, messageOf, sleep } from '@keelson/base';
import type { Resource } from '@keelson/model';
import { GrowingCatalogue, type ResourceCatalogue } from '@keelson/model';
import { StoreError } from '@keelson/store';
import { Aggregator } from './aggregation/aggregator.ts';
import { type ApiServerLimits, type ApiServerOptions, apiServerLimits } from './api-server-options.ts';
import { FieldManagement } from './apply/field-management.ts';
import { Auditor } from './audit/auditor.ts';
import { createMissing } from './bootstrap/create-missing.ts';
import { publishDefaultServiceCidr } from './bootstrap/default-service-cidr.ts';
import { publishKubernetesService } from './bootstrap/kubernetes-service.ts';
import { definitionHooks } from './custom-resources/definition-hooks.ts';
import { CustomResources } from './custom-resources/index.ts';
import { definitionGroup, definitionResource } from './custom-resources/served-definitions.ts';
import { webhookConversion } from './custom-resources/webhook-conversion.ts';
import { ServerPaths } from './discovery/server-paths.ts';
import { GateMetrics } from './observe/gate-metrics.ts';
import { ServerMetrics } from './observe/server-metrics.ts';
import { FlowControl } from './priority-and-fairness/flow-control.ts';
import { FlowConfigurationKeeper } from './priority-and-fairness/keep-flow-configuration.ts';
import { admitRequest, type Passage, type RequestGates } from './request/admit-request.ts';
import { InFlightCount } from './request/in-flight-count.ts';
import type { RequestContext } from './request/request-context.ts';
import { type RequestInfo, requestInfo } from './request/request-info.ts';
import { compressed, statusResponse, withWarnings } from './request/respond.ts';
import { internal, methodNotAllowed, noSuchPath, StatusError, unavailable } from './request/status-error.ts';
import {
  type AnswerProtocol,
  answerOverWebSocket,
  offeredProtocols,
  wantsWebSocket,
} from './request/websocket-answer.ts';
import { AdmissionChain } from './resources/admission-chain.ts';
import { AdmissionStatusWriter } from './resources/admission-status-writer.ts';
import { componentStatuses } from './resources/component-statuses.ts';
import { ObjectWriter, storeRefusal } from './resources/object-writer.ts';
import { HookTable } from './resources/resource-hooks.ts';
import { ResourceRoutes } from './resources/resource-routes.ts';
import { ResourceVerbs } from './resources/resource-verbs.ts';
import { TransactionEndpoint } from './resources/transaction-endpoint.ts';
import { eventsOf } from './resources/watch-stream.ts';
import { AddressRecords } from './services/address-records.ts';
import { ServiceHooks } from './services/service-hooks.ts';
import { StoreKeeper } from './storage/store-keeper.ts';
import { builtInSubresources } from './subresources/built-in.ts';
import { namespaceHooks } from './subresources/namespace-finalize.ts';
import type { UpgradedConnection } from './subresources/subresource-handler.ts';
import { refuseUpgrade } from './subresources/upgrade-refusal.ts';

/** A Kubernetes API server without a listener: a function from request to response, and what keeps it current. */
export interface ApiServer {
  /** Answers everything but upgrades. Never rejects. */
  readonly handler: HttpHandler;
  /** Takes over the connection of a request with an Upgrade header (exec, attach, port-forward). Never rejects. */
  handleUpgrade(request: HttpRequest, connection: UpgradedConnection): Promise<void>;
  /** Fills the caches and creates what must be there. Until it resolves /readyz fails. */
  start(): Promise<void>;
  /** /readyz fails first, then watches end, requests in flight finish, and the caches stop. The store stays open. */
  stop(): Promise<void>;
}

/** Puts an API server together. Nothing runs before `start`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new KeelsonApiServer(options);
}

class KeelsonApiServer implements ApiServer {
  readonly handler: HttpHandler = (request) => this.#handle(request);
  readonly #options: ApiServerOptions;
  readonly #limits: ApiServerLimits;
  readonly #inFlight: InFlightCount;
  readonly #gates: RequestGates;
  readonly #flowConfiguration: FlowConfigurationKeeper;
  readonly #aggregator: Aggregator | undefined;
  readonly #metrics: ServerMetrics;
  readonly #writer: ObjectWriter;
  readonly #routes: ResourceRoutes;
  readonly #transactions: TransactionEndpoint;
  readonly #paths: ServerPaths;
  readonly #keeper: StoreKeeper;
  readonly #services: ServiceHooks | undefined;
  readonly #records: AddressRecords | undefined;
  readonly #customResources: CustomResources | undefined;
  #unfollow = () => {};
  #stopRecords = () => {};
  #phase: 'new' | 'serving' | 'stopping' = 'new';

  constructor(options: ApiServerOptions) {
    const { world, store, caches } = options;
    const catalogue = growing(options.catalogue);
    this.#options = options;
    this.#limits = { ...apiServerLimits, ...options.limits };
    const { reading, mutating, longRunning } = this.#limits.inFlight;
    this.#inFlight = new InFlightCount(longRunning);
    const flowControl = new FlowControl({
      world,
      reader: caches,
      seats: reading + mutating,
      sizeOf: (info) => caches.sizeOf(info.group, info.resource),
    });
    const { authenticator } = options;
    const gateMetrics = new GateMetrics();
    const authorizer = gateMetrics.counting(options.authorizer);
    const auditor = options.audit && new Auditor(options.audit, world, catalogue);
    this.#gates = { authenticator, authorizer, flowControl, metrics: gateMetrics, ...(auditor ? { auditor } : {}) };
    const admission = new AdmissionChain(options.admission);
    this.#records = options.services && AddressRecords.of(catalogue, caches, world);
    this.#services = options.services && new ServiceHooks(options.services, world.random, this.#records);
    const services = this.#services === undefined ? [] : [this.#services];
    const hooks = new HookTable([namespaceHooks, definitionHooks(world), ...services, ...(options.hooks ?? [])]);
    const management = options.fieldManagement === false ? undefined : new FieldManagement(world, catalogue);
    this.#writer = new ObjectWriter({ world, store, caches, admission, hooks, management });
    if (catalogue instanceof GrowingCatalogue)
      this.#customResources = new CustomResources({
        world,
        catalogue,
        caches,
        writer: this.#writer,
        conversionFor: (definition) => webhookConversion(definition, options.webhooks, world),
      });
    this.#flowConfiguration = new FlowConfigurationKeeper({ world, reader: caches, writer: this.#writer, catalogue });
    const statuses = new AdmissionStatusWriter(this.#writer, caches);
    for (const plugin of options.admission) plugin.attach?.(statuses);
    const aggregation = { world, reader: caches, writer: this.#writer, catalogue };
    this.#aggregator = options.aggregation && new Aggregator(aggregation, options.aggregation);
    const verbs = new ResourceVerbs({
      world,
      store,
      shared: options.sharedStore ?? false,
      caches,
      writer: this.#writer,
      authorizer: options.authorizer,
    });
    const subresources = [
      ...builtInSubresources({
        world,
        caches,
        catalogue,
        admission,
        connector: options.connector,
        dial: options.dial,
      }),
      ...(options.subresources ?? []),
    ];
    this.#routes = new ResourceRoutes({
      catalogue,
      caches,
      verbs,
      subresources,
      reviews: options.reviews ?? [],
      computed: options.components === undefined ? [] : [componentStatuses(options.components)],
    });
    this.#transactions = new TransactionEndpoint({ catalogue, writer: this.#writer, authorizer: options.authorizer });
    this.#metrics = new ServerMetrics({
      caches,
      inFlight: () => this.#inFlight.counts,
      started: world.clock.now(),
      known: (info) => catalogue.find(info.group, info.version, info.resource) !== undefined,
      more: () => [
        ...flowControl.metrics.all(),
        ...gateMetrics.all(),
        ...(auditor?.metrics() ?? []),
        ...(this.#aggregator?.metrics() ?? []),
      ],
    });
    this.#keeper = new StoreKeeper({ world, store, caches, limits: this.#limits });
    this.#paths = new ServerPaths({
      options,
      catalogue,
      metrics: this.#metrics,
      flowControl,
      aggregator: this.#aggregator,
      keeper: this.#keeper,
      phase: () => this.#phase,
      serves: this.#routes,
    });
  }

  async start(): Promise<void> {
    await this.#options.caches.start();
    this.#customResources?.start();
    this.#keeper.start();
    for (const part of this.#options.parts ?? []) part.start();
    this.#unfollow = this.#services?.follow(this.#options.caches) ?? this.#unfollow;
    await createMissing(this.#options, this.#writer);
    await this.#flowConfiguration.keep();
    await this.#aggregator?.start();
    this.#gates.flowControl.start(() => void this.#flowConfiguration.keep());
    const { services } = this.#options;
    if (services !== undefined) await publishDefaultServiceCidr(this.#options, this.#writer, services.block);
    this.#stopRecords = (await this.#records?.keep(this.#writer)) ?? this.#stopRecords;
    if (this.#services !== undefined && services?.advertise !== undefined) {
      const clusterAddress = this.#services.apiServerAddress;
      await publishKubernetesService(this.#options, this.#writer, { ...services.advertise, clusterAddress });
    }
    if (this.#phase === 'new') this.#phase = 'serving';
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopping') return;
    this.#phase = 'stopping';
    this.#customResources?.stop();
    this.#keeper.stop();
    for (const part of this.#options.parts ?? []) part.stop();
    this.#gates.flowControl.stop();
    this.#aggregator?.stop();
    this.#options.caches.endWatches();
    await Promise.race([this.#inFlight.idle(), sleep(this.#options.world.clock, this.#limits.shutdownGrace)]);
    this.#unfollow();
    this.#stopRecords();
    this.#options.caches.stop();
    await this.#gates.auditor?.flush();
  }

  async handleUpgrade(request: HttpRequest, connection: UpgradedConnection): Promise<void> {
    const info = requestInfo(request.method, request.target);
    const passage: Passage = { seat: undefined };
    let leave = () => {};
    try {
      leave = this.#inFlight.enter(info, request);
      const context = await admitRequest(this.#gates, request, info, passage);
      const backend = this.#aggregator?.backendOf(info);
      if (backend !== undefined) {
        this.#metrics.count(info, 101, 0);
        passage.trail?.upgraded(101);
        await this.#aggregator!.upgrade(backend, context, connection);
        return;
      }
      if (!info.resourceRequest) throw noSuchPath();
      const resource = this.#routes.resourceOf(info);
      const own = this.#routes.handlerOf(resource, info.subresource)?.upgrade;
      const upgrade = info.verb === 'watch' && wantsWebSocket(request) ? this.#watchOverWebSocket : own;
      if (upgrade === undefined) throw methodNotAllowed();
      this.#metrics.count(info, 101, 0);
      passage.trail?.upgraded(101);
      await upgrade(context, resource, connection);
    } catch (thrown) {
      const error = this.#refusal(thrown, info);
      this.#metrics.count(info, error.code, 0);
      passage.trail?.upgraded(error.code);
      refuseUpgrade(connection.socket, error);
    } finally {
      passage.seat?.leave();
      passage.trail?.ended();
      leave();
    }
  }

  /** Each event is a message. */
  readonly #watchOverWebSocket = async (context: RequestContext, _: Resource, connection: UpgradedConnection) => {
    const { headers, body } = await this.#routes.respond(context);
    const [name = ''] = offeredProtocols(context.request);
    const isText = headers['content-type'] === 'application/json';
    const protocol: AnswerProtocol = { name, frame: isText ? 'text' : 'binary' };
    await answerOverWebSocket(context.request, connection, [protocol], eventsOf(body, isText));
  };

  async #handle(request: HttpRequest): Promise<HttpResponse> {
    const { clock } = this.#options.world;
    const began = clock.monotonic();
    const info = requestInfo(request.method, request.target);
    const passage: Passage = { seat: undefined };
    let leave = () => {};
    let response: HttpResponse;
    let warnings: readonly string[] = [];
    try {
      leave = this.#inFlight.enter(info, request);
      const context = await admitRequest(this.#gates, request, info, passage);
      warnings = context.warnings;
      response = await this.#route(context);
    } catch (thrown) {
      response = statusResponse(this.#refusal(thrown, info), request, info.query);
    }
    const { seat, trail } = passage;
    if (trail !== undefined) {
      trail.answered(response);
      const leaveFirst = leave;
      leave = () => {
        leaveFirst();
        trail.ended();
      };
      response = { ...response, headers: { ...response.headers, 'audit-id': trail.id } };
    }
    response = await compressed(response, request.headers['accept-encoding']);
    if (seat !== undefined) {
      seat.leave();
      response = { ...response, headers: { ...response.headers, ...seat.headers } };
    }
    this.#metrics.count(info, response.status, (clock.monotonic() - began) / 1000);
    return withWarnings(leaving(response, request.signal, leave), warnings);
  }

  async #route(context: RequestContext): Promise<HttpResponse> {
    const { info } = context;
    const backend = this.#aggregator?.backendOf(info);
    if (backend !== undefined) return this.#aggregator!.respond(backend, context);
    if (!info.resourceRequest) return this.#paths.respond(context);
    if (this.#phase === 'new') throw unavailable('the server is starting');
    if (TransactionEndpoint.answers(info)) return this.#transactions.respond(context);
    return this.#routes.respond(context);
  }

  /** What a client is told of anything that was thrown; what is our own fault is logged. */
  #refusal(thrown: unknown, info: RequestInfo): StatusError {
    if (thrown instanceof StatusError) return thrown;
    if (thrown instanceof StoreError) return storeRefusal(thrown);
    this.#options.world.log.error('a request failed', { path: info.path, verb: info.verb, error: thrown });
    return internal(messageOf(thrown));
  }
}

/** What is served when definitions of the store add to it; a catalogue without their kind stays as it is. */
function growing(catalogue: ResourceCatalogue): ResourceCatalogue {
  if (catalogue instanceof GrowingCatalogue) return catalogue;
  const defines = catalogue.find(definitionGroup, 'v1', definitionResource) !== undefined;
  return defines ? new GrowingCatalogue(catalogue) : catalogue;
}

/** Counts a request out: at once, or when its stream has ended or nobody is there to read it. */
function leaving(response: HttpResponse, signal: AbortSignal, leave: () => void): HttpResponse {
  const { body } = response;
  if (!isStream(body)) {
    leave();
    return response;
  }
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  const ended = () => {
    signal.removeEventListener('abort', leave);
    leave();
  };
  return { ...response, body: watchedTo(body, ended) };
}

/** The same stream, with word of its end. By hand: a generator around a generator costs every piece two turns more. */
function watchedTo(stream: AsyncIterable<Uint8Array>, ended: () => void): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]();
      const seen = (result: IteratorResult<Uint8Array>) => {
        if (result.done) ended();
        return result;
      };
      const failed = (error: unknown) => {
        ended();
        throw error;
      };
      return {
        next: () => inner.next().then(seen, failed),
        return: async () => {
          ended();
          await inner.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
