import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';
import { absentFeatureOperations } from './absent-features.ts';
import { accessKeyOperations } from './access-keys.ts';
import { accountOperations } from './account.ts';
import { instanceProfileOperations } from './instance-profiles.ts';
import { policyOperations } from './policies.ts';
import { policyHolderOperations } from './policy-holders.ts';
import { policyVersionOperations } from './policy-versions.ts';
import { roleOperations } from './roles.ts';
import { serviceLinkedRoleOperations } from './service-linked-roles.ts';
import { userOperations } from './users.ts';

/** Every operation of IAM that is supported, by name. */
export function operationsOf(options: IamOptions): Record<string, OperationHandler> {
  return {
    ...userOperations(options),
    ...accessKeyOperations(options),
    ...roleOperations(options),
    ...serviceLinkedRoleOperations(options),
    ...policyHolderOperations(options),
    ...policyOperations(options),
    ...policyVersionOperations(options),
    ...instanceProfileOperations(options),
    ...accountOperations(options),
    ...absentFeatureOperations(options),
  };
}
