import type { AttachedInterface, InstanceNetwork, InstancePlace } from '../instance-network.ts';
import { InstanceNetworkError } from '../instance-network.ts';

/** An instance's network that only counts; its type has three interfaces of six addresses, as a t3.medium. */
export class FakeInstanceNetwork implements InstanceNetwork {
  readonly calls: string[] = [];
  attached: AttachedInterface[] = [fakeInterface(0)];
  /** How many addresses the subnet can still give. */
  left = 1000;
  #next = 0;

  async place(): Promise<InstancePlace> {
    return { instanceId: 'i-1', maximumInterfaces: 3, addressesPerInterface: 6, vpcCidrs: ['10.0.0.0/8'] };
  }

  async interfaces(): Promise<AttachedInterface[]> {
    return this.attached;
  }

  async assign(interfaceId: string, count: number): Promise<void> {
    this.calls.push(`assign ${interfaceId} ${count}`);
    const addresses = this.#take(count);
    this.attached = this.attached.map((one) =>
      one.id === interfaceId ? { ...one, secondaryAddresses: [...one.secondaryAddresses, ...addresses] } : one,
    );
  }

  async unassign(interfaceId: string, addresses: readonly string[]): Promise<void> {
    this.calls.push(`unassign ${interfaceId} ${addresses.length}`);
    this.attached = this.attached.map((one) =>
      one.id === interfaceId
        ? { ...one, secondaryAddresses: one.secondaryAddresses.filter((address) => !addresses.includes(address)) }
        : one,
    );
  }

  async attach(_like: AttachedInterface, deviceIndex: number, count: number): Promise<void> {
    this.calls.push(`attach ${deviceIndex} ${count}`);
    this.attached = [...this.attached, { ...fakeInterface(deviceIndex), secondaryAddresses: this.#take(count) }];
  }

  async detach(gone: AttachedInterface): Promise<void> {
    this.calls.push(`detach ${gone.id}`);
    this.attached = this.attached.filter(({ id }) => id !== gone.id);
  }

  async isLinked(): Promise<boolean> {
    return true;
  }

  #take(count: number): string[] {
    if (count > this.left)
      throw new InstanceNetworkError(
        'InsufficientFreeAddressesInSubnet',
        'The specified subnet does not have enough free addresses to satisfy the request.',
      );
    this.left -= count;
    return Array.from({ length: count }, () => `10.1.0.${++this.#next}`);
  }
}

function fakeInterface(deviceIndex: number): AttachedInterface {
  return {
    id: `eni-${deviceIndex}`,
    attachmentId: `eni-attach-${deviceIndex}`,
    deviceIndex,
    macAddress: `02:00:00:00:00:0${deviceIndex}`,
    subnetId: 'subnet-1',
    groupIds: ['sg-1'],
    primaryAddress: deviceIndex === 0 ? '10.0.0.1' : `10.0.0.${10 + deviceIndex}`,
    secondaryAddresses: [],
  };
}
