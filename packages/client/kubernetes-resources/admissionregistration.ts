import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '@keelson/model/generated/types/admissionregistration-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'admissionregistration.k8s.io';
const version = 'v1';

export const mutatingWebhookConfigurations: ResourceRef<MutatingWebhookConfiguration> = {
  group,
  version,
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  namespaced: false,
};
export const validatingWebhookConfigurations: ResourceRef<ValidatingWebhookConfiguration> = {
  group,
  version,
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  namespaced: false,
};
export const mutatingAdmissionPolicies: ResourceRef<MutatingAdmissionPolicy> = {
  group,
  version,
  kind: 'MutatingAdmissionPolicy',
  resource: 'mutatingadmissionpolicies',
  namespaced: false,
};
export const mutatingAdmissionPolicyBindings: ResourceRef<MutatingAdmissionPolicyBinding> = {
  group,
  version,
  kind: 'MutatingAdmissionPolicyBinding',
  resource: 'mutatingadmissionpolicybindings',
  namespaced: false,
};
export const validatingAdmissionPolicies: ResourceRef<ValidatingAdmissionPolicy> = {
  group,
  version,
  kind: 'ValidatingAdmissionPolicy',
  resource: 'validatingadmissionpolicies',
  namespaced: false,
};
export const validatingAdmissionPolicyBindings: ResourceRef<ValidatingAdmissionPolicyBinding> = {
  group,
  version,
  kind: 'ValidatingAdmissionPolicyBinding',
  resource: 'validatingadmissionpolicybindings',
  namespaced: false,
};
