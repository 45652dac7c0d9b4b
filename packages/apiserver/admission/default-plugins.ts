import type { World } from '@keelson/base';
import type { ResourceCatalogue } from '@keelson/model';
import type { Authorizer } from '../authorization/contract.ts';
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import type { RbacIndex } from '../authorization/rbac-index.ts';
import type { WebhookCaller } from '../webhook/contract.ts';
import { AlwaysPullImages } from './always-pull-images.ts';
import { CertificateApproval, CertificateSigning, CertificateSubjectRestriction } from './certificates.ts';
import type { AdmissionPlugin, ObjectReader } from './contract.ts';
import { DefaultIngressClass, DefaultStorageClass } from './default-classes.ts';
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts';
import { LimitRanger } from './limit-ranger.ts';
import { RequestMatcher } from './matching/index.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { NodeRestriction } from './node-restriction.ts';
import { OwnerReferencesPermissionEnforcement } from './owner-references-permission.ts';
import { PersistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { PodSecurity } from './pod-security/pod-security.ts';
import { PodTopologyLabels } from './pod-topology-labels.ts';
import { MutatingAdmissionPolicy } from './policies/mutating-admission-policy.ts';
import { ValidatingAdmissionPolicy } from './policies/validating-admission-policy.ts';
import { Priority } from './priority.ts';
import { ResourceQuota } from './quota/resource-quota.ts';
import { RbacEscalationCheck } from './rbac-escalation-check.ts';
import { RuntimeClass } from './runtime-class.ts';
import { ServiceAccount } from './service-account.ts';
import { StorageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts';
import { MutatingAdmissionWebhook } from './webhooks/mutating-webhook.ts';
import { ValidatingAdmissionWebhook } from './webhooks/validating-webhook.ts';

export interface DefaultPluginOptions {
  readonly world: World;
  readonly reader: ObjectReader;
  readonly catalogue: ResourceCatalogue;
  readonly webhooks: WebhookCaller;
  /** The cluster's Kubernetes minor version. */
  readonly minor: number;
  /** The server's whole chain. */
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly index: RbacIndex;
  /** Plug-ins beyond the default ones (kube-apiserver's --enable-admission-plugins). */
  readonly enabled?: readonly OptionalPlugin[];
}

export type OptionalPlugin = 'AlwaysPullImages' | 'OwnerReferencesPermissionEnforcement';

/** The first minor that labels pods with where they are, without being asked to. */
const topologyLabelsSince = 35;

/**
 * The plug-ins of a cluster's API server, in the order of kube-apiserver. RBAC's check against escalation, which is no
 * plug-in there, comes after everything that changes an object.
 */
export function defaultPlugins(options: DefaultPluginOptions): AdmissionPlugin[] {
  const { world, reader, catalogue, webhooks, minor, authorizer, rbac, index } = options;
  const matcher = new RequestMatcher({ catalogue, reader });
  const hooks = { world, webhooks, reader, matcher, authorizer };
  const policies = { reader, catalogue, matcher, authorizer };
  const enabled = new Set(options.enabled);
  return [
    new NamespaceLifecycle(reader),
    new LimitRanger(reader),
    new ServiceAccount(reader, world),
    new NodeRestriction(reader, authorizer),
    new TaintNodesByCondition(),
    ...(enabled.has('AlwaysPullImages') ? [new AlwaysPullImages()] : []),
    new PodSecurity(reader, minor),
    new Priority(reader),
    new DefaultTolerationSeconds(),
    new DefaultStorageClass(reader),
    new StorageObjectInUseProtection(),
    ...(enabled.has('OwnerReferencesPermissionEnforcement')
      ? [new OwnerReferencesPermissionEnforcement(authorizer, catalogue)]
      : []),
    new PersistentVolumeClaimResize(reader),
    new RuntimeClass(reader),
    new CertificateApproval(authorizer),
    new CertificateSigning(authorizer),
    new CertificateSubjectRestriction(),
    new DefaultIngressClass(reader),
    ...(minor >= topologyLabelsSince ? [new PodTopologyLabels(reader)] : []),
    new MutatingAdmissionPolicy(policies),
    new MutatingAdmissionWebhook(hooks),
    new RbacEscalationCheck(authorizer, rbac, index),
    new ValidatingAdmissionPolicy(policies),
    new ValidatingAdmissionWebhook(hooks),
    new ResourceQuota(reader, world),
  ];
}
