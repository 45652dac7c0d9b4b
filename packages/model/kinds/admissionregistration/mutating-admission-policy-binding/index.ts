import { policyBinding } from '../policy-binding.ts';

export const mutatingAdmissionPolicyBinding = policyBinding('MutatingAdmissionPolicyBinding', true);
