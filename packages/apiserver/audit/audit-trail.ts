import { randomUUID } from 'node:crypto';
import { type HttpRequest, type HttpResponse, isStream, rfc3339Micro, type World } from '@keelson/base';
import type { ResourceCatalogue } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { userInfoObject } from '../authentication/token-review.ts';
import { decodeBody } from '../request/decode-body.ts';
import { isLongRunning, type RequestInfo } from '../request/request-info.ts';
import type { AuditDecision, AuditStage } from './policy.ts';

type Json = Record<string, any>;

/** Characters of a user agent that are told. */
const longestAgent = 1024;

/** What a trail needs of who made it. */
export interface TrailTools {
  readonly world: World;
  readonly catalogue: ResourceCatalogue;
  /** Takes the event of a stage. */
  emit(event: Json): void;
}

/** What is told of one request, stage by stage (audit.k8s.io/v1 Event). */
export class AuditTrail {
  readonly id: string;
  readonly #tools: TrailTools;
  readonly #request: HttpRequest;
  readonly #info: RequestInfo;
  readonly #decision: AuditDecision;
  readonly #event: Json;
  #complete = false;

  /** The caller is known; the stage RequestReceived is told. */
  constructor(tools: TrailTools, request: HttpRequest, info: RequestInfo, user: UserInfo, decision: AuditDecision) {
    this.#tools = tools;
    this.#request = request;
    this.#info = info;
    this.#decision = decision;
    const sent = request.headers['audit-id'] ?? '';
    this.id = sent === '' ? randomUUID() : sent.slice(0, 64);
    const now = rfc3339Micro(tools.world.clock.now());
    const agent = request.headers['user-agent'];
    this.#event = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: decision.level,
      auditID: this.id,
      requestURI: request.target,
      verb: info.verb,
      user: userInfoObject(user),
      sourceIPs: sourcesOf(request),
      ...(agent === undefined ? {} : { userAgent: shortened(agent) }),
      ...(info.resourceRequest ? { objectRef: referenceOf(info) } : {}),
      requestReceivedTimestamp: now,
    };
    this.#tell('RequestReceived');
  }

  /** The request acts as somebody else. */
  impersonated(user: UserInfo): void {
    this.#event['impersonatedUser'] = userInfoObject(user);
  }

  /** An annotation of the request's events; the first value of a key stays. */
  readonly annotate = (key: string, value: string): void => {
    const annotations: Json = (this.#event['annotations'] ??= {});
    if (!Object.hasOwn(annotations, key)) annotations[key] = value;
  };

  /** There is an answer. A stream is not over before `ended`. */
  answered(response: HttpResponse): void {
    const { level } = this.#decision;
    const { body, status } = response;
    this.#event['responseStatus'] = { metadata: {}, code: status };
    if (level === 'Request' || level === 'RequestResponse') this.#addRequestObject();
    if (!isStream(body)) this.#addResponse(response, level === 'RequestResponse');
    if (isLongRunning(this.#info)) this.#tell('ResponseStarted');
    if (!isStream(body)) this.ended();
  }

  /** The request ended without an HTTP answer of this server's own: its connection was taken over. */
  upgraded(status: number): void {
    this.#event['responseStatus'] = { metadata: {}, code: status };
    this.#tell('ResponseStarted');
  }

  /** Everything of the answer was sent. */
  ended(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#tell('ResponseComplete');
  }

  #tell(stage: AuditStage): void {
    if (this.#decision.omitStages.includes(stage)) return;
    this.#tools.emit({ ...this.#event, stage, stageTimestamp: rfc3339Micro(this.#tools.world.clock.now()) });
  }

  #addRequestObject(): void {
    const { body, headers } = this.#request;
    const { group, version, resource, subresource, verb } = this.#info;
    if (body.length === 0 || !this.#info.resourceRequest) return;
    try {
      if (verb === 'patch') {
        this.#event['requestObject'] = JSON.parse(Buffer.from(body).toString('utf8'));
        return;
      }
      const found = this.#tools.catalogue.find(group, version, resource);
      const expected = subresource === '' ? found : (found?.subresources[subresource] ?? found);
      if (expected === undefined) return;
      const { object } = decodeBody(expected, body, headers['content-type']);
      this.#event['requestObject'] = this.#shown(object);
    } catch {
      // What cannot be read is refused; the refusal is told.
    }
  }

  #addResponse({ headers, body }: HttpResponse, whole: boolean): void {
    const failed = this.#event['responseStatus'].code >= 400;
    if (!whole && !failed) return;
    const type = headers['content-type'] ?? '';
    if (!type.startsWith('application/json') || headers['content-encoding'] !== undefined) return;
    try {
      const bytes = body instanceof Uint8Array ? body : Buffer.concat(body as readonly Uint8Array[]);
      const value = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (value?.kind === 'Status' && failed) {
        const { status, message, reason, details, code } = value;
        this.#event['responseStatus'] = { metadata: {}, status, message, reason, details, code };
      }
      if (whole) this.#event['responseObject'] = this.#shown(value);
    } catch {
      // It is not JSON, whatever it says.
    }
  }

  #shown(value: Json): Json {
    return this.#decision.omitManagedFields ? withoutManagedFields(value) : value;
  }
}

function sourcesOf({ headers, peer }: HttpRequest): string[] {
  const forwarded = (headers['x-forwarded-for'] ?? '').split(',').map((one) => one.trim());
  const all = [...forwarded, (headers['x-real-ip'] ?? '').trim(), peer.address || '127.0.0.1'];
  return [...new Set(all.filter((one) => one !== ''))];
}

function shortened(agent: string): string {
  return agent.length > longestAgent ? `${agent.slice(0, longestAgent)}...TRUNCATED` : agent;
}

function referenceOf(info: RequestInfo): Json {
  const { resource, namespace, name, group, version, subresource } = info;
  const all = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

function withoutManagedFields(value: Json): Json {
  const one = (object: Json): Json => {
    const { managedFields: _, ...metadata } = object?.['metadata'] ?? {};
    return object?.['metadata'] === undefined ? object : { ...object, metadata };
  };
  const items: unknown = value?.['items'];
  return Array.isArray(items) ? { ...one(value), items: items.map(one) } : one(value);
}
