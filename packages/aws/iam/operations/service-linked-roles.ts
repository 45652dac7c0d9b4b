import { newUid } from '@keelson/base';
import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';
import { invalidInput, noSuchEntity, noSuchRole } from './errors.ts';
import { createRole } from './roles.ts';
import { newRoleView } from './views.ts';

interface ServiceLink {
  readonly roleName: string;
  /** Without it the service has no policy that is known here, and the role may nothing. */
  readonly policy?: string;
}

/** The roles that services make for themselves in an account. */
const serviceLinks: Readonly<Record<string, ServiceLink>> = {
  'autoscaling.amazonaws.com': { roleName: 'AWSServiceRoleForAutoScaling', policy: 'AutoScalingServiceRolePolicy' },
  'eks.amazonaws.com': { roleName: 'AWSServiceRoleForAmazonEKS', policy: 'AmazonEKSServiceRolePolicy' },
  'eks-fargate.amazonaws.com': { roleName: 'AWSServiceRoleForAmazonEKSForFargate' },
  'eks-nodegroup.amazonaws.com': {
    roleName: 'AWSServiceRoleForAmazonEKSNodegroup',
    policy: 'AWSServiceRoleForAmazonEKSNodegroup',
  },
  'elasticloadbalancing.amazonaws.com': {
    roleName: 'AWSServiceRoleForElasticLoadBalancing',
    policy: 'AWSElasticLoadBalancingServiceRolePolicy',
  },
  'spot.amazonaws.com': { roleName: 'AWSServiceRoleForEC2Spot' },
};

export function serviceLinkedRoleOperations(options: IamOptions): Record<string, OperationHandler> {
  return {
    CreateServiceLinkedRole: (input) => createServiceLinkedRole(options, input),
    DeleteServiceLinkedRole: ({ RoleName }: { RoleName: string }) => deleteServiceLinkedRole(options, RoleName),
    async GetServiceLinkedRoleDeletionStatus({ DeletionTaskId }: { DeletionTaskId: string }) {
      const roleName = /^task\/aws-service-role\/[\w.-]+\/([\w+=,.@-]+)\/[0-9a-f-]{36}$/.exec(DeletionTaskId)?.[1];
      if (roleName === undefined) throw noSuchEntity(`The task ${DeletionTaskId} cannot be found.`);
      // The role is removed before the task's id is given out.
      return { Status: 'SUCCEEDED' };
    },
  };
}

async function createServiceLinkedRole(
  options: IamOptions,
  input: { readonly AWSServiceName: string; readonly Description?: string; readonly CustomSuffix?: string },
) {
  const service = input.AWSServiceName;
  const link = Object.hasOwn(serviceLinks, service) ? serviceLinks[service] : undefined;
  if (link === undefined) throw invalidInput(`The service ${service} has no service-linked role in this region.`);
  if (input.CustomSuffix !== undefined && service !== 'autoscaling.amazonaws.com')
    throw invalidInput(`Custom suffix is not allowed for ${service}`);
  const roleName = input.CustomSuffix === undefined ? link.roleName : `${link.roleName}_${input.CustomSuffix}`;
  if ((await options.store.roles.find(roleName)) !== undefined)
    throw invalidInput(`Service role name ${roleName} has been taken in this account, please try a different suffix.`);
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
  };
  const role = await createRole(
    options,
    {
      RoleName: roleName,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      Path: `/aws-service-role/${service}/`,
      ...(input.Description === undefined ? {} : { Description: input.Description }),
    },
    {
      serviceName: service,
      attachedPolicies: link.policy === undefined ? [] : [`arn:aws:iam::aws:policy/aws-service-role/${link.policy}`],
    },
  );
  return { Role: newRoleView(role, options.account) };
}

async function deleteServiceLinkedRole({ store, world }: IamOptions, name: string) {
  const role = await store.roles.find(name);
  if (role === undefined || role.spec.serviceName === undefined) throw noSuchRole(name);
  await store.roles.remove(role);
  return { DeletionTaskId: `task/aws-service-role/${role.spec.serviceName}/${name}/${newUid(world.random)}` };
}
