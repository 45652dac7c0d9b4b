import type { Duplex } from 'node:stream';
import type { HttpResponse } from '@keelson/base';
import type { ApiObject, Resource, Status } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import type { RequestContext } from '../request/request-context.ts';
import type { ResourceVerbs } from '../resources/resource-verbs.ts';

/**
 * Answers one sub-resource of one resource; the verb is one that the tables name. With `*` for group and resource it
 * answers that of every custom resource.
 */
export interface SubresourceHandler {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** It is handed requests of every method, and those with more path after its name. */
  readonly passesThrough?: boolean;
  /** @throws StatusError */
  handle(context: RequestContext, resource: Resource, verbs: ResourceVerbs): Promise<HttpResponse>;
  /** Takes over the connection of a request that asked for an upgrade. @throws StatusError before anything is sent */
  upgrade?(context: RequestContext, resource: Resource, connection: UpgradedConnection): Promise<void>;
}

/** The connection of a request with an Upgrade header: nothing was answered on it yet. */
export interface UpgradedConnection {
  readonly socket: Duplex;
  /** What the client sent after the header already. */
  readonly head: Uint8Array;
}

/** What a review answers: the object with its status, or the Status of the refusal. */
export type ReviewAnswer = { readonly object: ApiObject } | { readonly status: Status };

/** Answers a kind that is checked and never stored (TokenReview, SubjectAccessReview). Never rejects for a bad object. */
export interface ReviewHandler {
  readonly group: string;
  readonly resource: string;
  review(object: ApiObject, caller: { readonly user: UserInfo; readonly namespace: string }): Promise<ReviewAnswer>;
}
