import { isNotFound } from '@keelson/client';
import { securityGroups, subnets as subnetResource, vpcs } from '@keelson/client/region-resources/index.ts';
import type { Subnet } from '@keelson/model/region/object-types.ts';
import { containsAddress, isCanonical, overlaps, parseAddress, parseCidr } from '@keelson/network';
import { invalidParameter } from '../errors.ts';
import type { Environment } from './environment.ts';

const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((text) => parseCidr(text)!);

async function getSubnet(environment: Environment, id: string): Promise<Subnet> {
  try {
    return await environment.client.resource(subnetResource).get(id);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw invalidParameter(
      `The subnet ID '${id}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidSubnetID.NotFound)`,
    );
  }
}

/** The subnets of one VPC in at least `zones` zones. @throws AwsError InvalidParameterException */
export async function requireSubnets(
  environment: Environment,
  ids: readonly string[],
  zones: number,
): Promise<Subnet[]> {
  if (ids.length === 0) throw invalidParameter('subnets can not be empty');
  if (new Set(ids).size !== ids.length) throw invalidParameter('The list of subnets contains duplicates');
  const found = await Promise.all(ids.map((id) => getSubnet(environment, id)));
  if (new Set(found.map((subnet) => subnet.spec.vpcId)).size > 1) {
    throw invalidParameter('Subnets specified must belong to the same VPC');
  }
  if (new Set(found.map((subnet) => subnet.spec.availabilityZone)).size < zones) {
    throw invalidParameter('Subnets specified must be in at least two different AZs');
  }
  return found;
}

/** Security groups of that VPC. @throws AwsError InvalidParameterException */
export async function requireSecurityGroups(
  environment: Environment,
  ids: readonly string[],
  vpcId: string,
): Promise<void> {
  for (const id of ids) {
    const group = await environment.client
      .resource(securityGroups)
      .get(id)
      .catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    if (group === undefined || group.spec.vpcId !== vpcId) {
      throw invalidParameter(`The security group '${id}' does not exist in VPC '${vpcId}'`);
    }
  }
}

/** Blocks as publicAccessCidrs takes them. @throws AwsError InvalidParameterException */
export function requirePublicCidrs(cidrs: readonly string[]): void {
  for (const text of cidrs) {
    if (!isCanonical(text)) throw invalidParameter(`The following CIDRs are not valid: ${text}`);
  }
  if (cidrs.length > 40) throw invalidParameter('You can specify a maximum of 40 public access CIDR blocks');
}

/** The block of Services: private, /24 to /12, and apart from the VPC. @throws AwsError InvalidParameterException */
export async function requireServiceCidr(environment: Environment, text: string, vpcId: string): Promise<void> {
  const cidr = parseCidr(text);
  const inPrivateBlock =
    cidr && privateBlocks.some((block) => block.prefix <= cidr.prefix && containsAddress(block, cidr.base));
  if (!cidr || !isCanonical(text) || !inPrivateBlock || cidr.prefix < 12 || cidr.prefix > 24) {
    throw invalidParameter(
      'The specified Kubernetes service IPv4 CIDR is invalid: it must be within one of the following private IP address blocks: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, with a netmask between /24 and /12',
    );
  }
  const vpc = await environment.client.resource(vpcs).get(vpcId);
  const vpcCidr = parseCidr(vpc.spec.cidrBlock);
  if (vpcCidr && overlaps(vpcCidr, cidr)) {
    throw invalidParameter(
      `The specified Kubernetes service IPv4 CIDR ${text} overlaps with the CIDR block of VPC ${vpcId}`,
    );
  }
}

/** The block that EKS takes when none is named: the one of two that is apart from the VPC's. */
export async function chooseServiceCidr(environment: Environment, vpcId: string): Promise<string> {
  const vpc = await environment.client.resource(vpcs).get(vpcId);
  const [first = 0] = [parseAddress(vpc.spec.cidrBlock.split('/')[0] ?? '')].map((address) => (address ?? 0) >>> 24);
  return first === 10 ? '172.20.0.0/16' : '10.100.0.0/16';
}
