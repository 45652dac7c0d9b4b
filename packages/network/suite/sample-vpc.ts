import type {
  NetworkAcl,
  NetworkInterface,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
} from '@keelson/model/region/object-types.ts';
import type { VpcObjects } from '../vpc-plan.ts';

type Rule = Omit<SecurityGroupRule, 'id'>;

export const everyone: Rule = { egress: true, protocol: '-1', cidrIpv4: '0.0.0.0/0' };

export function sampleGroup(id: string, rules: readonly Rule[]): SecurityGroup {
  return {
    metadata: { name: id },
    spec: {
      vpcId: 'vpc-1',
      groupName: id,
      description: id,
      rules: rules.map((rule, index) => ({ ...rule, id: `sgr-${index}` })),
    },
  };
}

export function sampleSubnet(id: string, cidrBlock: string): Subnet {
  return {
    metadata: { name: id },
    spec: {
      vpcId: 'vpc-1',
      cidrBlock,
      availabilityZone: 'ap-northeast-2a',
      availabilityZoneId: 'apne2-az1',
      defaultForAz: false,
      mapPublicIpOnLaunch: false,
      addressEpoch: 0,
    },
  };
}

/** An interface of the instance `i-<number>`, whose MAC address ends with its number. */
export function sampleInterface(
  number: number,
  subnetId: string,
  addresses: readonly string[],
  groupIds: readonly string[],
): NetworkInterface {
  const [privateIpAddress = '', ...secondaryPrivateIpAddresses] = addresses;
  return {
    metadata: { name: `eni-${String(number).padStart(17, '0')}` },
    spec: {
      vpcId: 'vpc-1',
      subnetId,
      availabilityZone: 'ap-northeast-2a',
      description: '',
      interfaceType: 'interface',
      macAddress: `02:00:00:00:00:${String(number).padStart(2, '0')}`,
      privateIpAddress,
      secondaryPrivateIpAddresses,
      groupIds: [...groupIds],
      sourceDestCheck: true,
      attachment: {
        id: `eni-attach-${number}`,
        instanceId: `i-${number}`,
        deviceIndex: 0,
        deleteOnTermination: true,
        attachTime: '2026-01-01T00:00:00.000Z',
      },
    },
  };
}

const openEntry = (egress: boolean) => ({
  ruleNumber: 100,
  egress,
  protocol: '-1',
  ruleAction: 'allow',
  cidrBlock: '0.0.0.0/0',
});

export const openAcl: NetworkAcl = {
  metadata: { name: 'acl-1' },
  spec: { vpcId: 'vpc-1', isDefault: true, entries: [openEntry(true), openEntry(false)], associations: [] },
};

const mainRoutes: RouteTable = {
  metadata: { name: 'rtb-1' },
  spec: {
    vpcId: 'vpc-1',
    routes: [{ destinationCidrBlock: '10.0.0.0/16', gatewayId: 'local', origin: 'CreateRouteTable', state: 'active' }],
    associations: [{ id: 'rtbassoc-1', main: true }],
  },
};

/** A VPC with one subnet, open ACL and local routes; whatever `change` names is different. */
export function sampleVpc(change: Partial<Omit<VpcObjects, 'vpc'>> & { readonly vpcId?: string } = {}): VpcObjects {
  const { vpcId = 'vpc-1', ...objects } = change;
  return {
    vpc: {
      metadata: { name: vpcId },
      spec: {
        cidrBlock: '10.0.0.0/16',
        isDefault: false,
        instanceTenancy: 'default',
        enableDnsSupport: true,
        enableDnsHostnames: false,
        dhcpOptionsId: 'dopt-1',
      },
    },
    subnets: [sampleSubnet('subnet-a', '10.0.1.0/24')],
    routeTables: [mainRoutes],
    networkAcls: [openAcl],
    securityGroups: [],
    networkInterfaces: [],
    ...objects,
  };
}
