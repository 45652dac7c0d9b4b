import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemWorld } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import {
  instances,
  networkAcls,
  networkInterfaces,
  routeTables,
  securityGroups,
  subnets,
  vpcs,
} from '@keelson/client/region-resources/index.ts';
import type { ControllerContext } from '@keelson/controller-kit';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import type { Instance, NetworkInterface, SecurityGroup } from '@keelson/model/region/object-types.ts';
import { inNamespace } from '@keelson/network/dataplanes/linux/namespaces.ts';
import { CommandError, runCommand } from '@keelson/network/dataplanes/linux/run-command.ts';
import { VpcFabric } from '@keelson/network/dataplanes/linux/vpc-fabric.ts';
import { VpcNetworkController } from '@keelson/network/dataplanes/linux/vpc-network-controller.ts';
import { everyone, sampleGroup, sampleInterface, sampleVpc } from '@keelson/network/suite/sample-vpc.ts';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import type { InstancePlan } from '../../instance-driver.ts';
import { LinuxInstances, type LinuxInstancesOptions } from '../linux-instances.ts';

/** The commands of an instance's init, as it is in the checkout. */
const init = [process.execPath, resolve(import.meta.dirname, '../init/main.ts')];
const checkout = resolve(import.meta.dirname, '../../../..');
export const vpcId = 'vpc-0bbbbbbbbbbbbbbbb';

/** A VPC and instances on this very machine, under an identity of their own; `close` leaves nothing. */
export class MachineRoom {
  readonly world = systemWorld();
  readonly identity = randomBytes(4).toString('hex');
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-machines-'));
  readonly api = new MemoryApi(this.world);
  readonly #options: Partial<LinuxInstancesOptions>;
  #caches!: SharedCaches;
  network!: VpcNetworkController;
  machines!: LinuxInstances;

  private constructor(options: Partial<LinuxInstancesOptions>) {
    this.#options = options;
  }

  static async open(options: Partial<LinuxInstancesOptions> = {}): Promise<MachineRoom> {
    const room = new MachineRoom(options);
    const objects = sampleVpc({ vpcId });
    const inVpc = <T extends { spec: { vpcId: string } }>(object: T): T => ({
      ...object,
      spec: { ...object.spec, vpcId },
    });
    await room.api.resource(vpcs).create(objects.vpc);
    for (const subnet of objects.subnets) await room.api.resource(subnets).create(inVpc(subnet));
    for (const acl of objects.networkAcls) await room.api.resource(networkAcls).create(inVpc(acl));
    for (const table of objects.routeTables) await room.api.resource(routeTables).create(inVpc(table));
    for (const group of [sampleGroup('sg-client', [everyone]), sampleGroup('sg-server', [everyone, ...openPort(80)])])
      await room.api.resource(securityGroups).create(inVpc(group));
    await room.reopen();
    return room;
  }

  /** Lets go of everything that runs, as a region process that ends, and begins anew. */
  async reopen(): Promise<void> {
    await this.machines?.close();
    this.#caches?.stop();
    this.#caches = new SharedCaches({ client: this.api, world: this.world });
    const { world, identity } = this;
    this.network = new VpcNetworkController({ world, identity, placement: (link) => this.machines.placement(link) });
    this.machines = new LinuxInstances({
      world,
      identity,
      folder: this.folder,
      region: { accountId: '000000000000', region: 'ap-northeast-2' },
      caches: this.#caches,
      connect: (interfaces) => this.network.connect(interfaces),
      init,
      readOnlyPaths: [checkout],
      containerd: undefined,
      containerdSettings: { sandboxImage: 'keelson/pause:3.10' },
      services: () => [],
      files: () => ({}),
      nameServers: () => ['169.254.169.253'],
      credentials: async () => undefined,
      ...this.#options,
    });
    const context = {
      client: this.api,
      caches: this.#caches,
      world,
      queue: { add: (key: string) => void this.network.reconcile(key).catch(() => {}) },
    };
    this.network.start(context as unknown as ControllerContext);
    await this.#caches.synced();
  }

  async plan(number: number, groupIds: readonly string[]): Promise<InstancePlan> {
    const one = sampleInterface(number, 'subnet-a', [`10.0.1.${10 + number}`], groupIds);
    const networkInterface: NetworkInterface = { ...one, spec: { ...one.spec, vpcId } };
    const instance = instanceOf(networkInterface);
    await this.api.resource(instances).create(instance);
    await this.api.resource(networkInterfaces).create(networkInterface);
    const type = instanceTypes.get(instance.spec.instanceType)!;
    return { instance, interfaces: [networkInterface], type, image: undefined, node: undefined };
  }

  async setGroup(group: SecurityGroup): Promise<void> {
    const current = await this.api.resource(securityGroups).get(group.metadata.name!);
    await this.api.resource(securityGroups).update({ ...current, spec: { ...group.spec, vpcId } });
  }

  async setInstance(instance: Instance): Promise<void> {
    const current = await this.api.resource(instances).get(instance.metadata.name!);
    await this.api.resource(instances).update({ ...current, spec: instance.spec });
  }

  /** Runs a program in the network namespace of an instance, with the machine's files. */
  run(instanceId: string, ...command: string[]): Promise<string> {
    const place = this.machines.placement({ instanceId } as Parameters<LinuxInstances['placement']>[0]);
    return runCommand(inNamespace(place!.path, command), { clock: this.world.clock });
  }

  /** Runs a program in all namespaces of an instance. */
  enter(instanceId: string, ...command: string[]): Promise<string> {
    const pid = this.machines.placement({ instanceId } as Parameters<LinuxInstances['placement']>[0])!.target;
    const words = ['nsenter', `--target=${pid}`, '--all', '--', ...command];
    return runCommand(words, { clock: this.world.clock });
  }

  /** Whether a TCP connection is answered (opened or refused) within `patience` milliseconds, and not dropped. */
  async reaches(instanceId: string, address: string, port: number, patience = 5000): Promise<boolean> {
    const script = `const s=require('net').connect({host:'${address}',port:${port}});s.setTimeout(${patience},()=>process.exit(9));s.on('connect',()=>process.exit(0));s.on('error',e=>process.exit(e.code==='ECONNREFUSED'?0:8))`;
    try {
      await this.run(instanceId, process.execPath, '-e', script);
      return true;
    } catch (error) {
      if (error instanceof CommandError && error.exitCode === 9) return false;
      throw error;
    }
  }

  /** Whether a TCP connection gets no answer. Nothing tells of a dropped packet, so that this takes its time. */
  async drops(instanceId: string, address: string, port: number): Promise<boolean> {
    return !(await this.reaches(instanceId, address, port, 300));
  }

  async close(): Promise<void> {
    for (const id of await this.machines.running()) await this.machines.terminate(id);
    await this.machines.close();
    this.#caches.stop();
    await new VpcFabric({ world: this.world, identity: this.identity }).remove(vpcId);
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function openPort(port: number): Parameters<typeof sampleGroup>[1] {
  return [{ egress: false, protocol: 'tcp', fromPort: port, toPort: port, referencedGroupId: 'sg-client' }];
}

function instanceOf({ metadata, spec }: NetworkInterface): Instance {
  return {
    metadata: { name: spec.attachment!.instanceId },
    spec: {
      instanceType: 'm5.large',
      imageId: 'ami-1',
      vpcId: spec.vpcId,
      subnetId: spec.subnetId,
      availabilityZone: spec.availabilityZone,
      privateIpAddress: spec.privateIpAddress,
      privateDnsName: `ip-${spec.privateIpAddress.replaceAll('.', '-')}.ap-northeast-2.compute.internal`,
      networkInterfaceIds: [metadata.name!],
      reservationId: 'r-1',
      launchTime: '2026-01-01T00:00:00.000Z',
      lifecycle: 'on-demand',
      desiredState: 'running',
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 2, httpEndpoint: 'enabled' },
    },
  };
}
