import type { Strategy } from '../../../strategy.ts';
import { bindingColumns, bindingDefaults, bindingErrors, roleChangeErrors } from '../bindings.ts';

const ROLE_KINDS = ['ClusterRole'];

export const clusterRoleBinding: Strategy = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  nameForm: 'pathSegment',
  createOnUpdate: true,
  defaults: bindingDefaults,
  validate: (object) => bindingErrors(object, ROLE_KINDS, false),
  validateUpdate: (object, previous) => [
    ...bindingErrors(object, ROLE_KINDS, false),
    ...roleChangeErrors(object, previous),
  ],
  columns: bindingColumns,
};
