/**
 * Kubernetes' controllers, one to a folder: each brings one kind of object to what it says, through the API alone. They
 * do not know of each other, nor of the server's inside, nor of the cloud: what the cloud does for them is injected.
 */
import type { Controller } from '@keelson/controller-kit';
import {
  CertificateApprovingController,
  CertificateCleanerController,
  type CertificateSigner,
  CertificateSigningController,
} from './certificates/index.ts';
import { CloudNodeController } from './cloud-node/index.ts';
import type { Instances } from './cloud-node/instances.ts';
import { ClusterRoleAggregationController } from './cluster-role-aggregation/index.ts';
import { CronJobController } from './cronjob/index.ts';
import { DaemonSetController } from './daemonset/index.ts';
import { DeploymentController } from './deployment/index.ts';
import { DisruptionController } from './disruption/index.ts';
import { EndpointsController } from './endpoints/index.ts';
import { EndpointSliceController } from './endpointslice/index.ts';
import { EphemeralVolumeController } from './ephemeral-volume/index.ts';
import { GarbageCollector } from './garbage-collector/index.ts';
import { HorizontalPodAutoscalerController } from './horizontal-pod-autoscaler/index.ts';
import { JobController } from './job/index.ts';
import { NamespaceController } from './namespace/index.ts';
import { NodeLifecycleController } from './node-lifecycle/index.ts';
import { PersistentVolumeBinder } from './persistent-volume-binder/index.ts';
import { PodGarbageCollector } from './pod-gc/index.ts';
import { ReplicaSetController } from './replicaset/index.ts';
import { ReplicationControllerController } from './replicationcontroller/index.ts';
import { ResourceQuotaController } from './resource-quota/index.ts';
import { RootCaPublisher } from './root-ca-publisher/index.ts';
import { ServiceCidrsController } from './service-cidrs/index.ts';
import { ServiceLoadBalancerController } from './service-load-balancer/index.ts';
import type { LoadBalancers } from './service-load-balancer/load-balancers.ts';
import { ServiceAccountController } from './serviceaccount/index.ts';
import { StatefulSetController } from './statefulset/index.ts';
import { TaintEvictionController } from './taint-eviction/index.ts';
import { TtlAfterFinishedController } from './ttl-after-finished/index.ts';
import { ValidatingAdmissionPolicyStatusController } from './validatingadmissionpolicy-status/index.ts';
import {
  PersistentVolumeClaimProtectionController,
  PersistentVolumeProtectionController,
} from './volume-protection/index.ts';

export type { CertificateSigner } from './certificates/index.ts';
export type { InstanceMetadata, Instances } from './cloud-node/instances.ts';
export type { LoadBalancerRequest, LoadBalancers } from './service-load-balancer/load-balancers.ts';

/** What a cluster's controllers are given from outside. */
export interface KubernetesControllerOptions {
  /** The cluster's minor version of Kubernetes; without it nobody checks the types of admission policies. */
  readonly minor?: number;
  /** PEM of the authority behind the API server's certificate; without it nobody publishes it. */
  readonly rootCa?: string;
  /** Signs for Kubernetes' own signers; without it requests for certificates stay unsigned. */
  readonly certificateSigner?: CertificateSigner;
  /** Makes load balancers; without it Services of type LoadBalancer stay pending. */
  readonly loadBalancers?: LoadBalancers;
  /** Knows the instances behind nodes; without it nodes are left as their kubelets make them. */
  readonly instances?: Instances;
}

/** The controllers of a cluster, for `runControllers`: what upstream's kube- and cloud-controller-manager run of this slice. */
export function kubernetesControllers(options: KubernetesControllerOptions = {}): (() => Controller)[] {
  const { minor, rootCa, certificateSigner, loadBalancers, instances } = options;
  const always: (() => Controller)[] = [
    () => new NamespaceController(),
    () => new ServiceAccountController(),
    () => new ReplicaSetController(),
    () => new ReplicationControllerController(),
    () => new DeploymentController(),
    () => new DaemonSetController(),
    () => new StatefulSetController(),
    () => new JobController(),
    () => new CronJobController(),
    () => new TtlAfterFinishedController(),
    () => new HorizontalPodAutoscalerController(),
    () => new EndpointsController(),
    () => new EndpointSliceController(),
    () => new GarbageCollector(),
    () => new NodeLifecycleController(),
    () => new TaintEvictionController(),
    () => new PodGarbageCollector(),
    () => new ClusterRoleAggregationController(),
    () => new DisruptionController(),
    () => new ResourceQuotaController(),
    () => new CertificateApprovingController(),
    () => new CertificateCleanerController(),
    () => new EphemeralVolumeController(),
    () => new PersistentVolumeBinder(),
    () => new PersistentVolumeProtectionController(),
    () => new PersistentVolumeClaimProtectionController(),
  ];
  // Before these minors the kinds that they look after are not served, and a controller waits for its kinds.
  if (minor !== undefined && minor >= 30) always.push(() => new ValidatingAdmissionPolicyStatusController(minor));
  if (minor === undefined || minor >= 33) always.push(() => new ServiceCidrsController());
  if (rootCa !== undefined) always.push(() => new RootCaPublisher(rootCa));
  if (certificateSigner !== undefined) always.push(() => new CertificateSigningController(certificateSigner));
  if (loadBalancers !== undefined) always.push(() => new ServiceLoadBalancerController(loadBalancers));
  if (instances !== undefined) always.push(() => new CloudNodeController(instances));
  return always;
}
