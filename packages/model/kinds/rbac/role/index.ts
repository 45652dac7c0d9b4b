import type { Strategy } from '../../../strategy.ts';
import { createdAtColumn } from '../../../table/table.ts';
import { rulesErrors } from '../policy-rules.ts';

export const role: Strategy = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  nameForm: 'pathSegment',
  createOnUpdate: true,
  validate: (object) => rulesErrors(object['rules'], true),
  validateUpdate: (object) => rulesErrors(object['rules'], true),
  columns: [createdAtColumn],
};
