import { webhookConfiguration } from '../webhook-configuration.ts';

export const validatingWebhookConfiguration = webhookConfiguration('ValidatingWebhookConfiguration', false);
