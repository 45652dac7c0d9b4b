import { policyBinding } from '../policy-binding.ts';

export const validatingAdmissionPolicyBinding = policyBinding('ValidatingAdmissionPolicyBinding', false);
