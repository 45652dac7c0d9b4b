import type { Duplex } from 'node:stream';

/** A Service in the cluster (admissionregistration.k8s.io/v1 ServiceReference, and those of CRDs and APIServices). */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  /** Begins with `/`; absent: the root. */
  readonly path?: string;
  /** Absent: 443. */
  readonly port?: number;
}

/** Who answers calls, and how the two know each other. */
export interface WebhookTarget {
  /** A URL of https (or http, where its configuration allows that), or a Service of the cluster. */
  readonly at: { readonly url: string } | { readonly service: ServiceReference };
  /** PEM certificates that the server's chain must end in; absent: those of the system. */
  readonly authorities?: string;
  /** What is shown to the server, as PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** Sent as `Authorization: Bearer`. */
  readonly bearerToken?: string;
  /** The name that the server's certificate must have; absent: the URL's host, or `<service>.<namespace>.svc`. */
  readonly serverName?: string;
  /** The server's certificate is not checked. */
  readonly insecure?: boolean;
}

export interface WebhookCall {
  /** JSON. */
  readonly body: string | Uint8Array;
  /** Milliseconds for the whole call; the server is told in the query, as `timeout=10s`. */
  readonly timeout: number;
  /** Bytes that the answer may have; by default `webhookAnswerLimit`. */
  readonly answerLimit?: number;
  /** Ends the call early. */
  readonly signal?: AbortSignal;
}

/** Bytes of an answer when a call does not say. */
export const webhookAnswerLimit = 8 << 20;

/** What went wrong with a call: nobody was reached, time was up, the answer is a refusal, or is not what it should be. */
export type WebhookFailure = 'unreachable' | 'timeout' | 'status' | 'malformed';

/** A call without a useful answer; the message is worded as by Go's HTTP client, which users know from kube-apiserver. */
export class WebhookCallError extends Error {
  override readonly name = 'WebhookCallError';
  readonly failure: WebhookFailure;
  /** The HTTP status of a refusal. */
  readonly status: number | undefined;

  constructor(failure: WebhookFailure, message: string, status?: number) {
    super(message);
    this.failure = failure;
    this.status = status;
  }
}

/** Calls webhooks: of admission, of conversion, of authentication and authorisation. Keeps connections for the next call. */
export interface WebhookCaller {
  /**
   * POSTs `call.body` and resolves with the JSON of a 2xx answer, whose names are plain data.
   * @throws WebhookCallError
   */
  call(target: WebhookTarget, call: WebhookCall): Promise<unknown>;
}

/** Where a Service's endpoint is. */
export interface ServiceEndpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * A connection to an address in the cluster's network, before any TLS. Rejects with an Error that says why
 * (`dial tcp 10.0.0.1:443: connect: connection refused`). The composition knows whether there is such a network.
 */
export type ClusterDialer = (endpoint: ServiceEndpoint, signal: AbortSignal) => Promise<Duplex>;
