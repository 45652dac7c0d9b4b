import type { NetworkAcl, NetworkInterface, Subnet } from '@keelson/model/region/object-types.ts';
import { blockMatch, protocolMatch } from './packet-match.ts';
import type { PlannedLink } from './vpc-plan.ts';

interface AclObjects {
  readonly links: readonly PlannedLink[];
  readonly subnets: readonly Subnet[];
  readonly networkAcls: readonly NetworkAcl[];
  readonly networkInterfaces: readonly NetworkInterface[];
}

type Entry = NetworkAcl['spec']['entries'][number];

/** True when the ACL lets everything pass in both directions, as the default one does. */
export function isOpenAcl(acl: NetworkAcl): boolean {
  return [true, false].every((egress) => {
    const first = entriesOf(acl, egress)[0];
    return first?.ruleAction === 'allow' && first.protocol === '-1' && first.cidrBlock === '0.0.0.0/0';
  });
}

function entriesOf({ spec }: NetworkAcl, egress: boolean): Entry[] {
  return spec.entries
    .filter((entry) => entry.egress === egress)
    .sort((one, other) => one.ruleNumber - other.ruleNumber);
}

/**
 * Chains of the subnets whose ACL refuses anything, and which interface's packets go through which. ACLs know no
 * connections and do not hold inside a subnet.
 */
export function networkAclChains({ links, subnets, networkAcls, networkInterfaces }: AclObjects): string[] {
  const closed = networkAcls.filter((acl) => !isOpenAcl(acl));
  if (closed.length === 0) return [];
  const aclOf = new Map<string, NetworkAcl>();
  for (const acl of networkAcls) {
    if (!acl.spec.isDefault) continue;
    for (const { metadata } of subnets) aclOf.set(metadata.name!, acl);
  }
  for (const acl of networkAcls) for (const { subnetId } of acl.spec.associations) aclOf.set(subnetId, acl);
  const guarded = subnets.filter(({ metadata }) => closed.includes(aclOf.get(metadata.name!)!));
  const chains = guarded.flatMap((subnet) => {
    const acl = aclOf.get(subnet.metadata.name!)!;
    return [...subnetChain(subnet, acl, true), ...subnetChain(subnet, acl, false)];
  });
  const map = (name: string, suffix: string) => {
    const elements = networkInterfaces
      .filter(({ spec }) => guarded.some(({ metadata }) => metadata.name === spec.subnetId))
      .map((one) => {
        const link = links.find(({ interfaceId }) => interfaceId === one.metadata.name)!;
        return `"${link.name}" : jump ${one.spec.subnetId}-${suffix}`;
      });
    const content = elements.length === 0 ? [] : [`    elements = { ${elements.join(', ')} }`];
    return [`  map ${name} {`, '    type ifname : verdict', ...content, '  }'];
  };
  return [...chains, ...map('acl_out_of', 'acl-out'), ...map('acl_in_of', 'acl-in')];
}

function subnetChain(subnet: Subnet, acl: NetworkAcl, egress: boolean): string[] {
  const peer = egress ? 'daddr' : 'saddr';
  const entries = entriesOf(acl, egress).flatMap((entry) => {
    const block = blockMatch(entry.cidrBlock, peer);
    if (block === undefined) return [];
    const verdict = entry.ruleAction === 'allow' ? 'return' : 'drop';
    return [`    ${[...block, ...protocolMatch(entry), verdict].join(' ')}`];
  });
  return [
    `  chain ${subnet.metadata.name}-acl-${egress ? 'out' : 'in'} {`,
    `    ip ${peer} ${subnet.spec.cidrBlock} return`,
    ...entries,
    '    drop',
    '  }',
  ];
}
