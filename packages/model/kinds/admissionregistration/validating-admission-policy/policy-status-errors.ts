import { type FieldError, index, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';

/** What is wrong with the status of a ValidatingAdmissionPolicy. */
export function policyStatusErrors(object: Readonly<ApiObject>): FieldError[] {
  const status = object['status'] ?? {};
  const warnings: { fieldRef?: string; warning?: string }[] = status.typeChecking?.expressionWarnings ?? [];
  return warnings.flatMap(({ fieldRef = '', warning = '' }, position) => {
    const at = index('status.typeChecking.expressionWarnings', position);
    return [
      ...(warning === '' ? [required(`${at}.warning`)] : []),
      ...(fieldRef.trim() === '' ? [required(`${at}.fieldRef`)] : []),
    ];
  });
}
