/**
 * Amazon EC2, as far as clusters need it: networks, security groups, instances and their types. What an instance is made
 * of, and how packets go, is for whoever reconciles these objects.
 */
import { loadTable } from '@keelson/aws-protocol';
import { vpcs } from '@keelson/client/region-resources/index.ts';
import type { AwsService } from '../service.ts';
import type { Environment } from './operations/environment.ts';
import { instanceOperations } from './operations/instance-operations.ts';
import { networkInterfaceOperations } from './operations/network-interface-operations.ts';
import { regionOperations } from './operations/region-operations.ts';
import { routingOperations } from './operations/routing-operations.ts';
import { securityGroupOperations } from './operations/security-group-operations.ts';
import { subnetOperations } from './operations/subnet-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { vpcOperations } from './operations/vpc-operations.ts';
import { planDefaultNetwork } from './vpc-plan.ts';

export type { Environment } from './operations/environment.ts';
export * from './zones.ts';

/** EC2 behind the front door. */
export async function ec2Service(environment: Environment): Promise<AwsService> {
  return {
    table: await loadTable('ec2'),
    operations: {
      ...regionOperations(environment),
      ...vpcOperations(environment),
      ...subnetOperations(environment),
      ...routingOperations(environment),
      ...securityGroupOperations(environment),
      ...instanceOperations(environment),
      ...networkInterfaceOperations(environment),
      ...tagOperations(environment),
    },
  };
}

/** Gives a region that has no VPC yet the network of a fresh account. For use before the region serves. */
export async function bootstrapNetwork({ client, world, zones }: Environment): Promise<void> {
  const present = await client.resource(vpcs).list();
  if (present.items.length > 0) return;
  await client.transact(planDefaultNetwork(world.random, zones).map((object) => ({ verb: 'create', object })));
}
