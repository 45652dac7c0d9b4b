import type { World } from '@keelson/base';
import type { ApiObject, Descriptions, ResourceCatalogue } from '@keelson/model';
import type { Store } from '@keelson/store';
import type { AdmissionPlugin } from './admission/contract.ts';
import type { AggregationOptions } from './aggregation/aggregator.ts';
import type { AuditOptions } from './audit/auditor.ts';
import type { Authenticator } from './authentication/contract.ts';
import type { Authorizer } from './authorization/contract.ts';
import type { HealthCheck } from './observe/health.ts';
import type { ResourceHooks } from './resources/resource-hooks.ts';
import type { ServiceNetwork } from './services/service-hooks.ts';
import type { ResourceCaches } from './storage/resource-caches.ts';
import type { NodeConnector } from './subresources/node-connector.ts';
import type { ReviewHandler, SubresourceHandler } from './subresources/subresource-handler.ts';
import type { ClusterDialer, WebhookCaller } from './webhook/contract.ts';

/** What GET /version says (version.Info). */
export interface VersionInfo {
  readonly major: string;
  readonly minor: string;
  /** `v1.33.4-eks-2f4c1b0`. */
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly gitTreeState: string;
  /** RFC 3339. */
  readonly buildDate: string;
  readonly goVersion: string;
  readonly compiler: string;
  readonly platform: string;
}

export interface ApiServerLimits {
  /**
   * Requests that are answered at a time, reading and mutating (kube-apiserver's --max-requests-inflight and
   * --max-mutating-requests-inflight); both together are the seats of priority and fairness.
   */
  readonly inFlight: { readonly reading: number; readonly mutating: number; readonly longRunning: number };
  /** How much history the store keeps for watches and lists that go on, in milliseconds. */
  readonly historyWindow: number;
  /** How often watches are told how far they are, in milliseconds. */
  readonly bookmarkPeriod: number;
  /** How long `stop` waits for requests in flight, in milliseconds. */
  readonly shutdownGrace: number;
}

export const apiServerLimits: ApiServerLimits = {
  inFlight: { reading: 800, mutating: 400, longRunning: 20_000 },
  historyWindow: 300_000,
  bookmarkPeriod: 60_000,
  shutdownGrace: 10_000,
};

export interface ApiServerOptions {
  readonly world: World;
  readonly store: Store;
  /** Other processes write to the store as well (etcd behind several API servers): reads ask it how far it is. */
  readonly sharedStore?: boolean;
  /**
   * What is served from the start. When CustomResourceDefinitions are among it, what they define is added; whoever else
   * has to see that gives a GrowingCatalogue.
   */
  readonly catalogue: ResourceCatalogue;
  /** Made before the server (`new ResourceCaches`), because authorisers and admission read them; the server starts them. */
  readonly caches: ResourceCaches;
  readonly version: VersionInfo;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** Asked in this order. */
  readonly admission: readonly AdmissionPlugin[];
  /** Who answers kinds that are not stored. */
  readonly reviews?: readonly ReviewHandler[];
  /** Calls the webhooks that convert custom resources between versions; without it those versions cannot be read. */
  readonly webhooks?: WebhookCaller;
  /** Reaches kubelets for logs, exec, attach and port-forward; without it those sub-resources are not served. */
  readonly connector?: NodeConnector;
  /** Reaches pods, for the proxies of pods and services; absent: the cluster's network cannot be reached from here. */
  readonly dial?: ClusterDialer;
  /** Sub-resources beyond those that the server knows itself; one of the same name takes its place. */
  readonly subresources?: readonly SubresourceHandler[];
  /** Has Services of the cluster answer for the group-versions that APIServices give them; absent: nobody but this server. */
  readonly aggregation?: AggregationOptions;
  /** What resources do beyond their strategy. */
  readonly hooks?: readonly ResourceHooks[];
  /** Gives Services their addresses and ports, and has default/kubernetes lead to `advertise`. */
  readonly services?: ServiceNetwork & { readonly advertise?: { readonly address: string; readonly port: number } };
  /** Checks of /readyz beside the server's own. */
  readonly healthChecks?: readonly HealthCheck[];
  /** The parts of the control plane that ComponentStatus tells of, by upstream's names. */
  readonly components?: readonly HealthCheck[];
  /** Whether metadata.managedFields are kept, and configurations can be applied; by default they are. */
  readonly fieldManagement?: boolean;
  /** Objects that are created at start when they do not exist, as system:apiserver. */
  readonly bootstrap?: readonly ApiObject[];
  /** What OpenAPI documents say of types and fields; absent: nothing. */
  readonly descriptions?: Descriptions;
  /** Other paths: OpenID discovery. The caller is authorised for the path before. */
  readonly paths?: Readonly<Record<string, () => unknown>>;
  /** What is told of requests, and where; absent: nothing. */
  readonly audit?: AuditOptions;
  /** What runs as long as the server does. */
  readonly parts?: readonly { start(): void; stop(): void }[];
  readonly limits?: Partial<ApiServerLimits>;
}
