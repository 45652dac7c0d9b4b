import { type AwsCredentials, signRequest } from '@keelson/aws-protocol/sigv4/sign.ts';
import type { Clock } from '@keelson/base';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import {
  type AttachedInterface,
  type InstanceNetwork,
  InstanceNetworkError,
  type InstancePlace,
} from '@keelson/network/vpc-cni/instance-network.ts';
import { itemsAt, readXml, textAt, type XmlElement } from './ec2-xml.ts';

/** What EC2 answered an HTTP request with. */
export interface Ec2Answer {
  readonly status: number;
  readonly text: string;
}

export interface Ec2InstanceNetworkOptions {
  readonly clock: Clock;
  readonly region: string;
  readonly instanceId: string;
  readonly clusterName: string;
  /** `http://host:port` or `https://ec2.REGION.amazonaws.com`. */
  readonly endpoint: string;
  /** Called for every request; it keeps them itself while they are good. */
  readonly credentials: () => Promise<AwsCredentials>;
  /** Sends a form; the path is always `/`. */
  readonly post: (endpoint: string, headers: Readonly<Record<string, string>>, body: string) => Promise<Ec2Answer>;
  /** MAC addresses of the links that the instance has. */
  readonly linkedMacs: () => Promise<ReadonlySet<string>>;
}

const apiVersion = '2016-11-15';

/** The instance's interfaces by EC2's own API, signed with the instance role's credentials. */
export class Ec2InstanceNetwork implements InstanceNetwork {
  readonly #options: Ec2InstanceNetworkOptions;

  constructor(options: Ec2InstanceNetworkOptions) {
    this.#options = options;
  }

  async place(): Promise<InstancePlace> {
    const { instanceId } = this.#options;
    const answer = await this.#call('DescribeInstances', { 'InstanceId.1': instanceId });
    const [reservation] = itemsAt(answer, 'reservationSet');
    const [instance] = itemsAt(reservation, 'instancesSet');
    const type = instanceTypes.get(textAt(instance, 'instanceType'));
    if (type === undefined)
      throw new InstanceNetworkError('InvalidInstanceType', `nothing is known of ${textAt(instance, 'instanceType')}`);
    const found = await this.#call('DescribeVpcs', { 'VpcId.1': textAt(instance, 'vpcId') });
    const [vpc] = itemsAt(found, 'vpcSet');
    const associated = itemsAt(vpc, 'cidrBlockAssociationSet').map((one) => textAt(one, 'cidrBlock'));
    const vpcCidrs = [...new Set([textAt(vpc, 'cidrBlock'), ...associated])].filter((cidr) => cidr !== '');
    const { networkInterfaces: maximumInterfaces, addressesPerInterface } = type;
    return { instanceId, maximumInterfaces, addressesPerInterface, vpcCidrs };
  }

  async interfaces(): Promise<AttachedInterface[]> {
    const filter = { 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': this.#options.instanceId };
    const answer = await this.#call('DescribeNetworkInterfaces', filter);
    return itemsAt(answer, 'networkInterfaceSet')
      .map(attachedInterface)
      .sort((one, other) => one.deviceIndex - other.deviceIndex);
  }

  async assign(interfaceId: string, count: number): Promise<void> {
    const parameters = { NetworkInterfaceId: interfaceId, SecondaryPrivateIpAddressCount: String(count) };
    await this.#call('AssignPrivateIpAddresses', parameters);
  }

  async unassign(interfaceId: string, addresses: readonly string[]): Promise<void> {
    const named = addresses.map((address, index) => [`PrivateIpAddress.${index + 1}`, address]);
    await this.#call('UnassignPrivateIpAddresses', { NetworkInterfaceId: interfaceId, ...Object.fromEntries(named) });
  }

  async attach(like: AttachedInterface, deviceIndex: number, count: number): Promise<void> {
    const { instanceId, clusterName } = this.#options;
    const tags = { 'node.k8s.amazonaws.com/instance_id': instanceId, 'cluster.k8s.amazonaws.com/name': clusterName };
    const parameters: Record<string, string> = {
      SubnetId: like.subnetId,
      Description: `aws-K8S-${instanceId}`,
      SecondaryPrivateIpAddressCount: String(count),
      'TagSpecification.1.ResourceType': 'network-interface',
    };
    for (const [index, id] of like.groupIds.entries()) parameters[`SecurityGroupId.${index + 1}`] = id;
    for (const [index, [key, value]] of Object.entries(tags).entries()) {
      parameters[`TagSpecification.1.Tag.${index + 1}.Key`] = key;
      parameters[`TagSpecification.1.Tag.${index + 1}.Value`] = value;
    }
    const made = await this.#call('CreateNetworkInterface', parameters);
    const id = textAt(made, 'networkInterface', 'networkInterfaceId');
    try {
      const place = { NetworkInterfaceId: id, InstanceId: instanceId, DeviceIndex: String(deviceIndex) };
      const attachmentId = textAt(await this.#call('AttachNetworkInterface', place), 'attachmentId');
      await this.#call('ModifyNetworkInterfaceAttribute', {
        NetworkInterfaceId: id,
        'Attachment.AttachmentId': attachmentId,
        'Attachment.DeleteOnTermination': 'true',
      });
    } catch (error) {
      // An interface that is attached to nothing holds addresses that nobody can use.
      await this.#call('DeleteNetworkInterface', { NetworkInterfaceId: id }).catch(() => {});
      throw error;
    }
  }

  async detach(gone: AttachedInterface): Promise<void> {
    await this.#call('DetachNetworkInterface', { AttachmentId: gone.attachmentId });
    await this.#call('DeleteNetworkInterface', { NetworkInterfaceId: gone.id });
  }

  async isLinked(one: AttachedInterface): Promise<boolean> {
    return (await this.#options.linkedMacs()).has(one.macAddress);
  }

  async #call(action: string, parameters: Readonly<Record<string, string>>): Promise<XmlElement> {
    const { clock, region, endpoint, credentials, post } = this.#options;
    const body = new URLSearchParams({ Action: action, Version: apiVersion, ...parameters }).toString();
    const headers = signRequest(
      {
        method: 'POST',
        target: '/',
        headers: { host: new URL(endpoint).host, 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(body),
      },
      { credentials: await credentials(), region, service: 'ec2', now: clock.now() },
    );
    const { status, text } = await post(endpoint, headers, body);
    const [, answer] = readXml(text).children.at(-1) ?? ['', undefined];
    if (status === 200 && answer !== undefined) return answer;
    const [, error] = answer?.children.find(([name]) => name === 'Errors')?.[1].children[0] ?? [];
    throw new InstanceNetworkError(textAt(error, 'Code') || `HTTP ${status}`, `${action}: ${textAt(error, 'Message')}`);
  }
}

function attachedInterface(element: XmlElement): AttachedInterface {
  const addresses = itemsAt(element, 'privateIpAddressesSet');
  return {
    id: textAt(element, 'networkInterfaceId'),
    attachmentId: textAt(element, 'attachment', 'attachmentId'),
    deviceIndex: Number(textAt(element, 'attachment', 'deviceIndex')),
    macAddress: textAt(element, 'macAddress'),
    subnetId: textAt(element, 'subnetId'),
    groupIds: itemsAt(element, 'groupSet').map((group) => textAt(group, 'groupId')),
    primaryAddress: textAt(element, 'privateIpAddress'),
    secondaryAddresses: addresses
      .filter((address) => textAt(address, 'primary') !== 'true')
      .map((address) => textAt(address, 'privateIpAddress')),
  };
}
