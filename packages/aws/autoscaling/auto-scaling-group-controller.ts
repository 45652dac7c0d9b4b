import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '@keelson/aws-protocol';
import { isConflict, isNotFound, type SharedCache } from '@keelson/client';
import { autoScalingGroups, instances } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { AutoScalingGroup, Instance } from '@keelson/model/region/object-types.ts';
import { defaultMetadataOptions, launchInstances } from '../instance-launch.ts';
import { groupTag, membersOf, planGroup } from './group-plan.ts';

export const groupFinalizer = 'autoscaling.keelson.dev/instances';

/** How soon a launch that EC2 refused is tried again. */
const retryAfter = 5_000;

/** Keeps each group at its desired capacity; a group that is deleted takes its instances with it. */
export class AutoScalingGroupController implements Controller {
  readonly name = 'auto-scaling-group';
  /** One group's launches are decided one after the other; groups do not wait for each other. */
  readonly workers = 5;
  readonly #region: string;
  #context!: ControllerContext;
  #groups!: SharedCache<AutoScalingGroup>;
  #instances!: SharedCache<Instance>;

  constructor(region: string) {
    this.#region = region;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#groups = context.caches.of(autoScalingGroups);
    this.#instances = context.caches.of(instances);
    this.#groups.onChange((_, group) => group && context.queue.add(group.metadata.name!));
    this.#instances.onChange((previous, instance) => {
      const owner = (instance ?? previous)!.spec.tags?.find((tag) => tag.key === groupTag);
      if (owner) context.queue.add(owner.value);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const { client } = this.#context;
    const group = this.#groups.get(undefined, name);
    if (group === undefined) return undefined;
    const deleted = group.metadata.deletionTimestamp !== undefined;
    const wanted = deleted ? { ...group, spec: { ...group.spec, desiredCapacity: 0 } } : group;
    // What to launch is decided by what is, not by what the cache has heard of: a launch must not be done twice.
    const all = (await client.resource(instances).list()).items;
    const plan = planGroup(wanted, membersOf(group, all));
    for (const id of plan.terminate) await this.#terminate(id);
    if (deleted) return this.#release(group, all);
    const failure = await this.#launch(group, plan.launch);
    await this.#report(group, failure);
    return failure && retryAfter;
  }

  async #launch(
    group: AutoScalingGroup,
    launches: readonly { subnetId: string; count: number }[],
  ): Promise<AwsError | undefined> {
    const { client, world } = this.#context;
    const { launch } = group.spec;
    let failure: AwsError | undefined;
    for (const { subnetId, count } of launches) {
      try {
        await launchInstances(
          { client, world, region: this.#region },
          {
            count,
            instanceType: launch.instanceTypes[0]!,
            imageId: launch.imageId,
            subnetId,
            securityGroupIds: launch.securityGroupIds,
            ...(launch.iamInstanceProfile ? { iamInstanceProfile: launch.iamInstanceProfile } : {}),
            ...(launch.keyName ? { keyName: launch.keyName } : {}),
            ...(launch.userData ? { userData: launch.userData } : {}),
            lifecycle: launch.lifecycle === 'spot' ? 'spot' : 'on-demand',
            metadataOptions: defaultMetadataOptions,
            tags: [...(launch.tags ?? []), { key: groupTag, value: group.metadata.name! }],
          },
        );
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        failure = error;
      }
    }
    return failure;
  }

  async #terminate(id: string): Promise<void> {
    const resource = this.#context.client.resource(instances);
    for (;;) {
      try {
        const instance = await resource.get(id);
        await resource.update({ ...instance, spec: { ...instance.spec, desiredState: 'terminated' } });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error)) throw error;
      }
    }
  }

  async #report(group: AutoScalingGroup, failure: AwsError | undefined): Promise<void> {
    const resource = this.#context.client.resource(autoScalingGroups);
    const members = membersOf(group, (await this.#context.client.resource(instances).list()).items);
    const status: AutoScalingGroup['status'] = {
      observedGeneration: group.metadata.generation!,
      instances: members.map(({ metadata, spec, status: state }) => ({
        instanceId: metadata.name!,
        availabilityZone: spec.availabilityZone,
        lifecycleState: state?.state === 'running' ? 'InService' : 'Pending',
        healthStatus: 'Healthy',
      })),
      ...(failure ? { failureCode: failure.code, failureMessage: failure.message } : {}),
    };
    if (!isDeepStrictEqual(status, group.status)) await resource.updateStatus({ ...group, status });
  }

  /** Lets a deleted group go once none of its instances is left. */
  async #release(group: AutoScalingGroup, all: readonly Instance[]): Promise<undefined> {
    const alive = all.filter(
      (one) =>
        one.status?.state !== 'terminated' &&
        one.spec.tags?.some((tag) => tag.key === groupTag && tag.value === group.metadata.name),
    );
    if (alive.length > 0 || !group.metadata.finalizers?.includes(groupFinalizer)) return undefined;
    const finalizers = group.metadata.finalizers.filter((one) => one !== groupFinalizer);
    await this.#context.client
      .resource(autoScalingGroups)
      .update({ ...group, metadata: { ...group.metadata, finalizers } });
    return undefined;
  }
}
