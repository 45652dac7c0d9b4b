/**
 * Amazon EKS: what its API answers at once, and the controllers that bring about what takes time. Control planes are
 * made by whoever reconciles ControlPlane objects, instances by whoever reconciles instances; neither is named here.
 */
import { loadTable } from '@keelson/aws-protocol';
import type { AwsService } from '../service.ts';
import { accessEntryOperations } from './operations/access-entry-operations.ts';
import { clusterOperations } from './operations/cluster-operations.ts';
import { clusterUpdateOperations } from './operations/cluster-update-operations.ts';
import type { Environment } from './operations/environment.ts';
import { nodegroupOperations } from './operations/nodegroup-operations.ts';
import { nodegroupVersionOperations } from './operations/nodegroup-version-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { updateOperations } from './operations/update-operations.ts';
import { versionOperations } from './operations/version-operations.ts';

export type { ClusterAccess } from './controllers/cluster-access.ts';
export { ClusterController } from './controllers/cluster-controller.ts';
export { NodegroupController } from './controllers/nodegroup-controller.ts';
export { UpdateController } from './controllers/update-controller.ts';
export { type Identified, type IdentifyOptions, identify } from './identify.ts';
export type { Environment } from './operations/environment.ts';

/** EKS behind the front door. */
export async function eksService(environment: Environment): Promise<AwsService> {
  return {
    table: await loadTable('eks'),
    operations: {
      ...clusterOperations(environment),
      ...clusterUpdateOperations(environment),
      ...nodegroupOperations(environment),
      ...nodegroupVersionOperations(environment),
      ...accessEntryOperations(environment),
      ...updateOperations(environment),
      ...tagOperations(environment),
      ...versionOperations(environment),
    },
  };
}
