import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '@keelson/base';
import type { SharedCache } from '@keelson/client';
import { instances, networkInterfaces } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import { nodeImages } from '@keelson/model/region/images.ts';
import { instanceTypes } from '@keelson/model/region/instance-types.ts';
import { decodeNodeConfig } from '@keelson/model/region/node-config.ts';
import type { Instance, NetworkInterface } from '@keelson/model/region/object-types.ts';
import type { InstanceDriver, InstancePlan } from './instance-driver.ts';

type Status = NonNullable<Instance['status']>;

/** Has a machine for each instance that shall run, and none for any other. */
export class InstanceController implements Controller {
  readonly name = 'ec2-instance';
  readonly workers = 8;
  readonly #driver: InstanceDriver;
  #context!: ControllerContext;
  #instances!: SharedCache<Instance>;
  #interfaces!: SharedCache<NetworkInterface>;
  #endExits: () => void = () => {};
  /** Machines that were found running, or started, since this process began. */
  readonly #running = new Set<string>();

  constructor(driver: InstanceDriver) {
    this.#driver = driver;
  }

  async start(context: ControllerContext): Promise<void> {
    this.#context = context;
    this.#instances = context.caches.of(instances);
    this.#interfaces = context.caches.of(networkInterfaces);
    for (const id of await this.#driver.running()) {
      this.#running.add(id);
      context.queue.add(id);
    }
    this.#endExits = this.#driver.onExit((id) => {
      this.#running.delete(id);
      context.queue.add(id);
    });
    this.#instances.onChange((before, instance) => context.queue.add((instance ?? before)!.metadata.name!));
  }

  async stop(): Promise<void> {
    this.#endExits();
  }

  async reconcile(id: string): Promise<number | undefined> {
    const instance = this.#instances.get(undefined, id);
    if (instance === undefined) {
      if (this.#running.delete(id)) await this.#driver.terminate(id);
      return undefined;
    }
    if (instance.spec.desiredState === 'running') await this.#run(instance);
    else if (instance.spec.desiredState === 'stopped') await this.#halt(instance);
    else await this.#terminate(instance);
    return undefined;
  }

  async #run(instance: Instance): Promise<void> {
    const id = instance.metadata.name!;
    if (this.#running.has(id) && instance.status?.state === 'running') return;
    if (!this.#running.has(id)) {
      try {
        await this.#driver.start(this.#planOf(instance));
      } catch (error) {
        await this.#report(instance, { state: instance.status?.state ?? 'pending', message: messageOf(error) });
        throw error;
      }
      this.#running.add(id);
    }
    await this.#report(instance, { state: 'running' });
  }

  #planOf(instance: Instance): InstancePlan {
    const { spec, metadata } = instance;
    const type = instanceTypes.get(spec.instanceType);
    if (type === undefined) throw new Error(`there is no instance type ${spec.instanceType}`);
    const interfaces = this.#interfaces
      .list()
      .filter((one) => one.spec.attachment?.instanceId === metadata.name)
      .sort((one, other) => one.spec.attachment!.deviceIndex - other.spec.attachment!.deviceIndex);
    // Instance and interface are written in one step, but watched apart.
    if (interfaces.length === 0) throw new Error(`the network interface of ${metadata.name} is not known yet`);
    const node = spec.userData ? decodeNodeConfig(spec.userData) : undefined;
    return { instance, interfaces, type, image: nodeImages.get(spec.imageId), node };
  }

  async #halt(instance: Instance): Promise<void> {
    const id = instance.metadata.name!;
    if (instance.status?.state === 'stopped' && !this.#running.has(id)) return;
    await this.#driver.stop(id);
    this.#running.delete(id);
    await this.#report(instance, { state: 'stopped', ...userInitiated });
  }

  async #terminate(instance: Instance): Promise<void> {
    const id = instance.metadata.name!;
    if (instance.status?.state === 'terminated') return;
    await this.#driver.terminate(id);
    this.#running.delete(id);
    await this.#report(instance, { state: 'terminated', ...userInitiated });
  }

  async #report(instance: Instance, change: Partial<Status> & { state: string }): Promise<void> {
    const before = instance.status;
    const now = new Date(this.#context.world.clock.now()).toISOString();
    const moved = before?.state !== change.state;
    const status: Status = {
      ...(moved
        ? { stateTransitionTime: now }
        : before?.stateTransitionTime
          ? { stateTransitionTime: before.stateTransitionTime }
          : {}),
      driver: this.#driver.name,
      ...change,
    };
    if (isDeepStrictEqual(status, before)) return;
    await this.#context.client.resource(instances).updateStatus({ ...instance, status });
  }
}

const userInitiated = {
  stateReasonCode: 'Client.UserInitiatedShutdown',
  stateReasonMessage: 'Client.UserInitiatedShutdown: User initiated shutdown',
};
