/**
 * Where every call to AWS comes in: one HTTP handler for all services, told apart by the scope of the signature. It
 * verifies who calls, decodes, validates, asks the policies, lets the service's operation answer, and encodes. It knows
 * no operation, keeps no state, and answers nothing that is not signed by a key of this region.
 */

import {
  AwsError,
  type Operation,
  type Protocol,
  protocolOf,
  readSignature,
  type ServiceTable,
  validateInput,
} from '@keelson/aws-protocol';
import { type HttpHandler, type HttpRequest, type HttpResponse, newUid, type World } from '@keelson/base';
import { withCallResources } from '../call-resources.ts';
import type { Principal } from '../principal.ts';
import type { Authorizer, AwsService, CallContext, CredentialSource } from '../service.ts';
import { authenticate } from './authenticate.ts';
import { answerForeign, unknownService } from './foreign-request.ts';
import { findDestination } from './route-request.ts';

/** The longest body that any service takes, in bytes: a listener may refuse longer ones before they are read whole. */
export const longestBody = 12 * 1024 * 1024;

export interface FrontDoorOptions {
  readonly world: World;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  readonly services: readonly AwsService[];
  readonly credentials: CredentialSource;
  readonly authorizer: Authorizer;
}

/** The AWS API of one region and account as an HTTP handler. */
export function createFrontDoor(options: FrontDoorOptions): HttpHandler {
  const door = new FrontDoor(options);
  return (request) => door.handle(request);
}

interface Call {
  readonly request: HttpRequest;
  readonly table: ServiceTable;
  readonly protocol: Protocol;
  readonly requestId: string;
  readonly now: number;
}

class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #services: ReadonlyMap<string, AwsService>;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#services = new Map(options.services.map((service) => [service.table.name, withCallResources(service)]));
  }

  async handle(request: HttpRequest): Promise<HttpResponse> {
    const { world } = this.#options;
    const requestId = newUid(world.random);
    try {
      return await this.#answer(request, requestId);
    } catch (thrown) {
      if (thrown instanceof AwsError) return answerForeign(request, thrown, requestId);
      world.log.error('a request to the front door failed', { requestId, error: thrown });
      return answerForeign(request, new AwsError('InternalFailure', 'An internal error occurred.', {}, 500), requestId);
    }
  }

  async #answer(request: HttpRequest, requestId: string): Promise<HttpResponse> {
    const reading = readSignature(request);
    const tooLong = request.body.length > longestBody;
    // What is too long is not looked into, only answered in the right protocol.
    const destination = await findDestination(tooLong ? { ...request, body: new Uint8Array(0) } : request, reading);
    if (destination.outcome === 'unknown') throw unknownService(destination.name, request.headers['x-amz-target']);
    if (destination.outcome === 'none') {
      if (reading.outcome === 'incomplete') throw new AwsError('IncompleteSignature', reading.reason, {}, 400);
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', {}, 403);
    }
    const { table } = destination;
    const call = { request, table, protocol: protocolOf(table), requestId, now: this.#options.world.clock.now() };
    try {
      if (tooLong) throw call.protocol.commonError(table, 'tooLarge');
      return await this.#serve(call, reading);
    } catch (thrown) {
      return call.protocol.encodeError(table, this.#errorOf(thrown, call), requestId);
    }
  }

  async #serve(call: Call, reading: ReturnType<typeof readSignature>): Promise<HttpResponse> {
    const { request, table, protocol } = call;
    const service = this.#services.get(table.name);
    const unsigned = reading.outcome === 'none' ? this.#unsignedOperation(call, service) : undefined;
    const { region, credentials } = this.#options;
    const principal =
      unsigned === undefined
        ? await authenticate(request, reading, { table, protocol, credentials, region, now: call.now })
        : anonymous(this.#options.account);
    const operation = unsigned ?? protocol.identify(table, request);
    const handler =
      service !== undefined && Object.hasOwn(service.operations, operation.name)
        ? service.operations[operation.name]
        : undefined;
    if (service === undefined || handler === undefined)
      throw protocol.commonError(
        table,
        'unsupported',
        `The operation ${operation.name} of ${table.raw.serviceId} is not supported in this region.`,
      );
    const input = protocol.decode(table, operation, request);
    validateInput(table, operation, input);
    const context = this.#context(call, principal);
    const open = unsigned !== undefined || service.openOperations?.has(operation.name) === true;
    if (!open) await this.#authorize(service, operation, input, context);
    return protocol.encode(table, operation, await handler(input, context), call.requestId);
  }

  #unsignedOperation(call: Call, service: AwsService | undefined): Operation | undefined {
    if (service?.unsignedOperations === undefined) return undefined;
    const operation = call.protocol.identify(call.table, call.request);
    return service.unsignedOperations.has(operation.name) ? operation : undefined;
  }

  #context(call: Call, principal: Principal): CallContext {
    const { region, account } = this.#options;
    return {
      principal,
      requestId: call.requestId,
      region,
      account,
      now: call.now,
      signal: call.request.signal,
      host: call.request.headers['host'] ?? '',
      authorize: (action, resource, conditions = {}) =>
        this.#decide(call, {
          principal,
          action,
          resource,
          conditions: { ...callerConditions(call.request), ...conditions },
          region,
          now: call.now,
        }),
    };
  }

  async #authorize(service: AwsService, operation: Operation, input: unknown, context: CallContext): Promise<void> {
    const action = service.actionOf?.(operation.name) ?? `${service.table.name}:${operation.name}`;
    const resources = (await service.resourcesOf?.(operation.name, input, context)) ?? ['*'];
    for (const resource of resources) await context.authorize(action, resource);
  }

  async #decide(call: Call, request: Parameters<Authorizer['authorize']>[0]): Promise<void> {
    const decision = await this.#options.authorizer.authorize(request);
    if (decision.outcome === 'allowed') return;
    const { principal, action, resource } = request;
    const subject = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource}`;
    const prefix = call.table.protocol === 'ec2Query' ? 'You are not authorized to perform this operation. ' : '';
    throw call.protocol.commonError(call.table, 'accessDenied', `${prefix}${subject} ${decision.reason}`);
  }

  /** What the client is told. The program's own errors are logged and never shown. */
  #errorOf(thrown: unknown, call: Call): AwsError {
    if (thrown instanceof AwsError) return thrown;
    const { requestId, table } = call;
    this.#options.world.log.error('an operation failed', { requestId, service: table.name, error: thrown });
    return call.protocol.commonError(table, 'internal');
  }
}

/** What policies can ask of the connection. */
function callerConditions({ peer, headers }: HttpRequest): Record<string, string> {
  return {
    ...(peer.address === '' ? {} : { 'aws:sourceip': peer.address }),
    ...(headers['user-agent'] === undefined ? {} : { 'aws:useragent': headers['user-agent'] }),
  };
}

function anonymous(account: string): Principal {
  return {
    kind: 'user',
    arn: `arn:aws:iam::${account}:anonymous`,
    identityArn: `arn:aws:iam::${account}:anonymous`,
    account,
    userId: 'anonymous',
    principalId: 'anonymous',
    name: 'anonymous',
    accessKeyId: '',
  };
}
