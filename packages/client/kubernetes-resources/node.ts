import type { RuntimeClass } from '@keelson/model/generated/types/node-v1.ts';
import type { ResourceRef } from '../client.ts';

export const runtimeClasses: ResourceRef<RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  namespaced: false,
};
