import type { ApiObject } from '@keelson/model';
import type { APIService } from '@keelson/model/generated/types/apiregistration-v1.ts';
import type { ServiceReference } from '../webhook/contract.ts';

/** A group-version that a Service of the cluster answers. */
export interface RemoteApi {
  /** Of the APIService: `v1beta1.metrics.k8s.io`. */
  readonly name: string;
  readonly uid: string;
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly service: ServiceReference & { readonly port: number };
  /** PEM that the Service's certificate must chain to; absent: the system's authorities. */
  readonly authorities?: string;
  readonly insecure: boolean;
  readonly available: boolean;
}

/** The remote API of an APIService; undefined for a local one. */
export function remoteApiOf(object: Readonly<ApiObject>): RemoteApi | undefined {
  const { metadata, spec, status } = object as APIService;
  if (spec?.service === undefined) return undefined;
  const { namespace = '', name = '', port = 443 } = spec.service;
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    group: spec.group ?? '',
    version: spec.version ?? '',
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
    service: { namespace, name, port },
    ...(spec.caBundle ? { authorities: Buffer.from(spec.caBundle, 'base64').toString('utf8') } : {}),
    insecure: spec.insecureSkipTLSVerify ?? false,
    available: condition?.status === 'True',
  };
}
