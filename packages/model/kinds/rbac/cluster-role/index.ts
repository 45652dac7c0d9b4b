import { type FieldError, index, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { createdAtColumn } from '../../../table/table.ts';
import { rulesErrors } from '../policy-rules.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors = rulesErrors(object['rules'], false);
  const aggregation = object['aggregationRule'];
  if (aggregation === undefined) return errors;
  const at = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregation.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    errors.push(required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  }
  selectors.forEach((selector: object, position: number) => {
    errors.push(...labelSelectorErrors(index(at, position), selector));
  });
  return errors;
}

export const clusterRole: Strategy = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  nameForm: 'pathSegment',
  createOnUpdate: true,
  validate,
  validateUpdate: validate,
  columns: [createdAtColumn],
};
