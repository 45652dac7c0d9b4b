import type { PlannedLink } from '../../vpc-plan.ts';

/** The network namespace that has the other end of an interface. */
export interface InterfacePlace {
  /** A process in it, or the name of a namespace: what `ip` takes after `netns`. */
  readonly target: string;
  /** A path that `nsenter` enters it by. */
  readonly path: string;
}

/** The interface's name in its instance, by device index. */
export function deviceName(deviceIndex: number): string {
  return `eth${deviceIndex}`;
}

/** Lines for `ip -batch` in the VPC's namespace that make the pair. It stays down until the other end is complete. */
export function createPair(link: PlannedLink, place: InterfacePlace): string[] {
  const { name, mtu, macAddress, deviceIndex } = link;
  return [
    `link add name ${name} mtu ${mtu} type veth peer name ${deviceName(deviceIndex)} mtu ${mtu} address ${macAddress} netns ${place.target}`,
  ];
}

const secondaryTable = (deviceIndex: number) => 10_000 + deviceIndex;
const sourceRule = (deviceIndex: number, address: string) =>
  `from ${address}/32 lookup ${secondaryTable(deviceIndex)} priority 30000`;

/**
 * Lines for `ip -batch` in the instance's namespace that take away what an earlier pair may have left there; each may
 * fail. Routes went with their interface.
 */
export function clearPeer({ deviceIndex, addresses }: PlannedLink): string[] {
  return deviceIndex === 0 ? [] : [`rule delete ${sourceRule(deviceIndex, addresses[0]!)}`];
}

/**
 * Lines for `ip -batch` in the instance's namespace. The first interface gives the default route; the others are
 * routed by tables of their own (as Amazon's images do it), so that answers leave by the interface that was asked.
 */
export function configurePeer(link: PlannedLink): string[] {
  const { deviceIndex, gateway, addresses } = link;
  const device = deviceName(deviceIndex);
  const address = addresses[0]!;
  const table = deviceIndex === 0 ? '' : ` table ${secondaryTable(deviceIndex)}`;
  return [
    'link set dev lo up',
    `address replace ${address}/32 dev ${device}`,
    `link set dev ${device} up`,
    `route replace ${gateway}/32 dev ${device} scope link src ${address}${table}`,
    `route replace default via ${gateway} dev ${device} onlink src ${address}${table}`,
    ...(deviceIndex === 0 ? [] : [`rule add ${sourceRule(deviceIndex, address)}`]),
  ];
}
