/** The table that gives what leaves the VPC the instance's own address. */
export const natTable = 'ip aws-node';

export interface SourceNatSettings {
  readonly primaryAddress: string;
  readonly vpcCidrs: readonly string[];
  /** AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS. */
  readonly excludedCidrs: readonly string[];
  /** AWS_VPC_K8S_CNI_EXTERNALSNAT. */
  readonly externalSnat: boolean;
  /** AWS_VPC_K8S_CNI_RANDOMIZESNAT: `prng`, `hashrandom` or `none`. */
  readonly randomize: string;
}

/** One transaction for `nft -f -` that makes the table afresh; with an external translator it only removes it. */
export function sourceNatRules(settings: SourceNatSettings): string {
  const { primaryAddress, vpcCidrs, excludedCidrs, externalSnat, randomize } = settings;
  const lines = [`add table ${natTable}`, `delete table ${natTable}`];
  if (externalSnat) return `${lines.join('\n')}\n`;
  const how = randomize === 'none' ? '' : randomize === 'hashrandom' ? ' random' : ' fully-random';
  const inside = [...vpcCidrs, ...excludedCidrs].map((cidr) => `    ip daddr ${cidr} return`);
  return [
    ...lines,
    `table ${natTable} {`,
    '  chain postrouting {',
    '    type nat hook postrouting priority 110; policy accept;',
    '    oifname "lo" return',
    '    oifname "eni*" return',
    '    fib daddr type local return',
    ...inside,
    // Only what is a pod's: the instance's own packets have the right address already.
    `    ip saddr != ${primaryAddress} snat to ${primaryAddress}${how}`,
    '  }',
    '}',
    '',
  ].join('\n');
}
