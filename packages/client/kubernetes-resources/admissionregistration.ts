import type {
  MutatingWebhookConfiguration,
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
