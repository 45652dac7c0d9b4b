import type { HttpRequest, HttpResponse } from '@keelson/base';
import type { UserInfo } from '../authentication/contract.ts';
import type { RequestInfo } from './request-info.ts';

/** One request after its caller is known and allowed. */
export interface RequestContext {
  readonly request: HttpRequest;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  /** Collects texts for the Warning header. */
  readonly warnings: string[];
  /** Takes an annotation of the request's audit event; absent when nothing is told of it. */
  readonly annotate?: (key: string, value: string) => void;
}

/** Answers a request that was allowed. @throws StatusError */
export type Respond = (context: RequestContext) => Promise<HttpResponse>;
