/** Every kind that Keelson knows well enough to serve. A kind is served when it stands here and in the tables. */
import type { Strategy } from '../strategy.ts';

import { mutatingAdmissionPolicy } from './admissionregistration/mutating-admission-policy/index.ts';
import { mutatingAdmissionPolicyBinding } from './admissionregistration/mutating-admission-policy-binding/index.ts';
import { mutatingWebhookConfiguration } from './admissionregistration/mutating-webhook-configuration/index.ts';
import { validatingAdmissionPolicy } from './admissionregistration/validating-admission-policy/index.ts';
import { validatingAdmissionPolicyBinding } from './admissionregistration/validating-admission-policy-binding/index.ts';
import { validatingWebhookConfiguration } from './admissionregistration/validating-webhook-configuration/index.ts';

import { customResourceDefinition } from './apiextensions/custom-resource-definition/index.ts';

import { apiService } from './apiregistration/api-service/index.ts';
import { controllerRevision } from './apps/controller-revision/index.ts';
import { daemonSet } from './apps/daemon-set/index.ts';
import { deployment } from './apps/deployment/index.ts';
import { replicaSet } from './apps/replica-set/index.ts';
import { statefulSet } from './apps/stateful-set/index.ts';
import { selfSubjectReview } from './authentication/self-subject-review/index.ts';
import { tokenRequest } from './authentication/token-request/index.ts';
import { tokenReview } from './authentication/token-review/index.ts';
import { localSubjectAccessReview } from './authorization/local-subject-access-review/index.ts';
import { selfSubjectAccessReview } from './authorization/self-subject-access-review/index.ts';
import { selfSubjectRulesReview } from './authorization/self-subject-rules-review/index.ts';
import { subjectAccessReview } from './authorization/subject-access-review/index.ts';
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler/index.ts';
import { horizontalPodAutoscalerV1 } from './autoscaling/horizontal-pod-autoscaler-v1/index.ts';
import { cronJob } from './batch/cron-job/index.ts';
import { job } from './batch/job/index.ts';
import { certificateSigningRequest } from './certificates/certificate-signing-request/index.ts';
import { lease } from './coordination/lease/index.ts';
import { binding } from './core/binding/index.ts';
import { componentStatus } from './core/component-status/index.ts';
import { configMap } from './core/config-map/index.ts';
import { endpoints } from './core/endpoints/index.ts';
import { event } from './core/event/index.ts';
import { limitRange } from './core/limit-range/index.ts';
import { namespace } from './core/namespace/index.ts';
import { node } from './core/node/index.ts';
import { persistentVolume } from './core/persistent-volume/index.ts';
import { persistentVolumeClaim } from './core/persistent-volume-claim/index.ts';
import { pod } from './core/pod/index.ts';
import { podTemplate } from './core/pod-template/index.ts';
import { replicationController } from './core/replication-controller/index.ts';
import { resourceQuota } from './core/resource-quota/index.ts';
import { secret } from './core/secret/index.ts';
import { service } from './core/service/index.ts';
import { serviceAccount } from './core/service-account/index.ts';
import { endpointSlice } from './discovery/endpoint-slice/index.ts';
import { eventsEvent } from './events/event/index.ts';
import { flowSchema } from './flowcontrol/flow-schema/index.ts';
import { priorityLevelConfiguration } from './flowcontrol/priority-level-configuration/index.ts';
import { ingress } from './networking/ingress/index.ts';
import { ingressClass } from './networking/ingress-class/index.ts';
import { ipAddress } from './networking/ip-address/index.ts';
import { networkPolicy } from './networking/network-policy/index.ts';
import { serviceCidr } from './networking/service-cidr/index.ts';
import { runtimeClass } from './node/runtime-class/index.ts';
import { podDisruptionBudget } from './policy/pod-disruption-budget/index.ts';
import { clusterRole } from './rbac/cluster-role/index.ts';
import { clusterRoleBinding } from './rbac/cluster-role-binding/index.ts';
import { role } from './rbac/role/index.ts';
import { roleBinding } from './rbac/role-binding/index.ts';
import { deviceClass } from './resource/device-class/index.ts';
import { resourceClaim } from './resource/resource-claim/index.ts';
import { resourceClaimTemplate } from './resource/resource-claim-template/index.ts';
import { resourceSlice } from './resource/resource-slice/index.ts';
import { priorityClass } from './scheduling/priority-class/index.ts';
import { csiDriver } from './storage/csi-driver/index.ts';
import { csiNode } from './storage/csi-node/index.ts';
import { csiStorageCapacity } from './storage/csi-storage-capacity/index.ts';
import { storageClass } from './storage/storage-class/index.ts';
import { volumeAttachment } from './storage/volume-attachment/index.ts';
import { volumeAttributesClass } from './storage/volume-attributes-class/index.ts';

export const allStrategies: readonly Strategy[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolume,
  persistentVolumeClaim,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  service,
  serviceAccount,
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
  customResourceDefinition,
  controllerRevision,
  daemonSet,
  deployment,
  replicaSet,
  statefulSet,
  selfSubjectReview,
  tokenRequest,
  tokenReview,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  cronJob,
  job,
  certificateSigningRequest,
  lease,
  endpointSlice,
  eventsEvent,
  apiService,
  flowSchema,
  priorityLevelConfiguration,
  ingress,
  ingressClass,
  ipAddress,
  networkPolicy,
  serviceCidr,
  runtimeClass,
  podDisruptionBudget,
  clusterRole,
  clusterRoleBinding,
  role,
  roleBinding,
  deviceClass,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
  priorityClass,
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
];
