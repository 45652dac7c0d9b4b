import type { Strategy } from '../../../strategy.ts';
import { bindingColumns, bindingDefaults, bindingErrors, roleChangeErrors } from '../bindings.ts';

const ROLE_KINDS = ['Role', 'ClusterRole'];

export const roleBinding: Strategy = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  nameForm: 'pathSegment',
  createOnUpdate: true,
  defaults: bindingDefaults,
  validate: (object) => bindingErrors(object, ROLE_KINDS, true),
  validateUpdate: (object, previous) => [
    ...bindingErrors(object, ROLE_KINDS, true),
    ...roleChangeErrors(object, previous),
  ],
  columns: bindingColumns,
};
