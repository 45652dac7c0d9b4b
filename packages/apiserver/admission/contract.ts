import type { ApiObject, Resource } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';

/** A write on its way in (admission.k8s.io/v1 AdmissionRequest). */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: Resource;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The object as it will be stored; mutating plug-ins change it in place. Absent for DELETE. */
  readonly object?: ApiObject;
  /** As it is stored now. Absent for CREATE. */
  readonly previous?: Readonly<ApiObject>;
  readonly user: UserInfo;
  readonly dryRun: boolean;
}

/** Thrown to refuse a write: becomes a Status with this code and reason. */
export class AdmissionError extends Error {
  override readonly name = 'AdmissionError';
  readonly code: number;
  readonly reason: string;

  constructor(message: string, code = 403, reason = 'Forbidden') {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/**
 * One admission plug-in, by upstream's name. `mutate` runs for all plug-ins before the object is validated, `validate`
 * after. Either refuses by throwing AdmissionError. They read other objects through the server's own caches, which
 * their constructors are given.
 */
export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest): Promise<void>;
  validate?(request: AdmissionRequest): Promise<void>;
}

/** What plug-ins, authorisers and sub-resources may read of the server: current objects, in memory, read only. */
export interface ObjectReader {
  get(group: string, resource: string, namespace: string, name: string): Readonly<ApiObject> | undefined;
  list(group: string, resource: string, namespace?: string): readonly Readonly<ApiObject>[];
}
