import { BlockList } from 'node:net';
import { addressFamily, blockFamily } from '@keelson/model';

/** Whether an address, `10.96.0.10`, is from a block, `10.96.0.0/16`. False for what is neither. */
export function isInBlock(address: string, block: string): boolean {
  const family = addressFamily(address);
  if (family === undefined || blockFamily(block) !== family) return false;
  const [network, prefix] = block.split('/') as [string, string];
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
