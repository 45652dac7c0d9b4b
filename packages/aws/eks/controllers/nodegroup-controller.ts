import { isDeepStrictEqual } from 'node:util';
import { type Client, isAlreadyExists, isConflict, isNotFound, type SharedCache } from '@keelson/client';
import { nodes } from '@keelson/client/kubernetes-resources/index.ts';
import {
  autoScalingGroups,
  clusters,
  instanceProfiles,
  instances,
  nodegroups,
} from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import type {
  AutoScalingGroup,
  Cluster,
  HealthIssue,
  Instance,
  InstanceProfile,
  Nodegroup,
} from '@keelson/model/region/object-types.ts';
import { clusterPhase } from '../cluster-view.ts';
import { memberName, roleNameOf } from '../names.ts';
import { type Environment, newObject } from '../operations/environment.ts';
import { nodegroupFinalizer } from '../operations/nodegroup-operations.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { drainLimit, drainStep } from './drain-node.ts';
import { letNodesIn, shutNodesOut } from './node-access.ts';
import { groupFor, groupNameOf, nodegroupLabel, nodeTaints, profileNameOf } from './nodegroup-launch.ts';

/** How soon nodes are looked at again while some are still expected, and how long EKS waits for them to join. */
const lookAgain = 250;
const joinLimit = 20 * 60_000;
const groupFinalizer = 'autoscaling.keelson.dev/instances';

/** EC2's refusals of a launch, as EKS' health issues name them. */
const issueCodes: Readonly<Record<string, string>> = {
  InsufficientFreeAddressesInSubnet: 'InsufficientFreeAddresses',
  'InvalidSubnetID.NotFound': 'Ec2SubnetNotFound',
  'InvalidGroup.NotFound': 'Ec2SecurityGroupNotFound',
};

function isReady(node: Node): boolean {
  return node.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}

/** The instance behind a node, by its providerID: `aws:///ap-northeast-2a/i-…`. */
function instanceOf(node: Node): string {
  return node.spec?.providerID?.split('/').at(-1) ?? '';
}

/** Keeps a managed node group: its Auto Scaling group, its nodes' access, labels and versions, and its health. */
export class NodegroupController implements Controller {
  readonly name = 'eks-nodegroup';
  readonly #environment: Environment;
  readonly #access: ClusterAccess;
  #context!: ControllerContext;
  #nodegroups!: SharedCache<Nodegroup>;
  #clusters!: SharedCache<Cluster>;
  #groups!: SharedCache<AutoScalingGroup>;

  constructor(environment: Environment, access: ClusterAccess) {
    this.#environment = environment;
    this.#access = access;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#nodegroups = context.caches.of(nodegroups);
    this.#clusters = context.caches.of(clusters);
    this.#groups = context.caches.of(autoScalingGroups);
    this.#nodegroups.onChange((_, nodegroup) => nodegroup && context.queue.add(nodegroup.metadata.name!));
    this.#groups.onChange((previous, group) => {
      const name = (group ?? previous)!.metadata.name!;
      for (const nodegroup of this.#nodegroups.list())
        if (groupNameOf(nodegroup) === name) context.queue.add(nodegroup.metadata.name!);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const nodegroup = this.#nodegroups.get(undefined, key);
    if (nodegroup === undefined) return undefined;
    if (nodegroup.metadata.deletionTimestamp) return this.#remove(nodegroup);
    const cluster = this.#clusters.get(undefined, nodegroup.spec.clusterName);
    const access =
      cluster && clusterPhase(cluster) !== 'CREATING' ? await this.#access(nodegroup.spec.clusterName) : undefined;
    if (cluster === undefined || access === undefined) return lookAgain;
    await letNodesIn(this.#environment, cluster, nodegroup, access);
    await this.#ensureProfile(nodegroup);
    const group = await this.#ensureGroup(nodegroup, cluster);
    return this.#settle(nodegroup, group, access);
  }

  async #ensureProfile(nodegroup: Nodegroup): Promise<void> {
    const name = profileNameOf(nodegroup);
    const object = newObject<InstanceProfile>(instanceProfiles, name, {
      instanceProfileName: name,
      instanceProfileId: `AIPA${nodegroup.metadata.uid!.replaceAll('-', '').slice(0, 17).toUpperCase()}`,
      path: '/',
      roles: [roleNameOf(nodegroup.spec.nodeRole)!],
      tags: [],
    });
    try {
      await this.#context.client.resource(instanceProfiles).create(object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** The group as it is now; undefined while it is only just made. */
  async #ensureGroup(nodegroup: Nodegroup, cluster: Cluster): Promise<AutoScalingGroup | undefined> {
    const wanted = groupFor(nodegroup, cluster, this.#environment.account, groupFinalizer);
    const present = this.#groups.get(undefined, wanted.metadata.name!);
    const resource = this.#context.client.resource(autoScalingGroups);
    if (present === undefined) {
      await resource.create(wanted).catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error;
      });
      return undefined;
    }
    const { instancesToTerminate } = present.spec;
    const spec = { ...wanted.spec, ...(instancesToTerminate ? { instancesToTerminate } : {}) };
    return isDeepStrictEqual(spec, present.spec) ? present : resource.update({ ...present, spec });
  }

  /** Looks at the nodes that there are, brings them up to the spec, and tells how it stands. */
  async #settle(
    nodegroup: Nodegroup,
    group: AutoScalingGroup | undefined,
    access: Client,
  ): Promise<number | undefined> {
    const selector = `${nodegroupLabel}=${nodegroup.spec.nodegroupName}`;
    const present = (await access.resource(nodes).list({ labelSelector: selector })).items;
    await this.#applyToNodes(nodegroup, present, access);
    const members = new Set(group?.status?.instances?.map((one) => one.instanceId));
    const ready = present.filter((node) => isReady(node) && members.has(instanceOf(node)));
    const outdated = await this.#outdated(group);
    if (group && outdated.length > 0 && ready.length >= nodegroup.spec.desiredSize) {
      await this.#replace(nodegroup, group, outdated, present, access);
    }
    const complete =
      ready.length >= nodegroup.spec.desiredSize &&
      members.size === nodegroup.spec.desiredSize &&
      outdated.length === 0;
    await this.#report(nodegroup, group, complete, present);
    return complete ? undefined : lookAgain;
  }

  /** Members that were launched from another image than new ones are. */
  async #outdated(group: AutoScalingGroup | undefined): Promise<Instance[]> {
    const members = new Set(group?.status?.instances?.map((one) => one.instanceId));
    if (!group || members.size === 0) return [];
    const all = (await this.#context.client.resource(instances).list()).items;
    return all.filter((one) => members.has(one.metadata.name!) && one.spec.imageId !== group.spec.launch.imageId);
  }

  /** Empties as many outdated nodes at a time as the update configuration allows, and has each replaced once it is empty. */
  async #replace(
    nodegroup: Nodegroup,
    group: AutoScalingGroup,
    outdated: readonly Instance[],
    present: readonly Node[],
    access: Client,
  ): Promise<void> {
    const { maxUnavailable = 1, maxUnavailablePercentage: share, desiredSize } = nodegroup.spec;
    const atOnce = share === undefined ? maxUnavailable : Math.max(1, Math.floor((desiredSize * share) / 100));
    const empty: string[] = [];
    for (const instance of outdated.slice(0, atOnce)) {
      const node = present.find((one) => instanceOf(one) === instance.metadata.name);
      if (!node || (await drainStep(access, node.metadata!.name!, false))) empty.push(instance.metadata.name!);
    }
    const before = group.spec.instancesToTerminate ?? [];
    const instancesToTerminate = [...new Set([...before, ...empty])];
    if (instancesToTerminate.length === before.length) return;
    await this.#context.client
      .resource(autoScalingGroups)
      .update({ ...group, spec: { ...group.spec, instancesToTerminate } });
  }

  /** Labels and taints of the spec on nodes that were launched before it changed. */
  async #applyToNodes(nodegroup: Nodegroup, present: readonly Node[], access: Client): Promise<void> {
    const labels = nodegroup.spec.labels ?? {};
    const goneLabels = Object.keys(nodegroup.status?.appliedLabels ?? {}).filter((key) => !(key in labels));
    const taints = nodeTaints(nodegroup);
    const managed = new Set(
      [...(nodegroup.status?.appliedTaints ?? []), ...taints].map((taint) => `${taint.key}:${taint.effect}`),
    );
    for (const node of present) {
      const kept = (node.spec?.taints ?? []).filter((taint) => !managed.has(`${taint.key}:${taint.effect}`));
      const wantedTaints = [...kept, ...taints];
      const labelsDiffer =
        Object.entries(labels).some(([key, value]) => node.metadata?.labels?.[key] !== value) ||
        goneLabels.some((key) => node.metadata?.labels?.[key] !== undefined);
      const taintsDiffer =
        taints.some((taint) => !node.spec?.taints?.some((one) => isDeepStrictEqual({ ...one }, taint))) ||
        kept.length + taints.length !== (node.spec?.taints ?? []).length;
      if (!labelsDiffer && !taintsDiffer) continue;
      const patch = {
        metadata: {
          resourceVersion: node.metadata!.resourceVersion,
          labels: { ...labels, ...Object.fromEntries(goneLabels.map((key) => [key, null])) },
        },
        ...(taintsDiffer ? { spec: { taints: wantedTaints } } : {}),
      };
      try {
        await access.resource(nodes).patch(node.metadata!.name!, undefined, patch, { type: 'merge' });
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        this.#context.queue.addAfter(nodegroup.metadata.name!, lookAgain);
      }
    }
  }

  async #report(
    nodegroup: Nodegroup,
    group: AutoScalingGroup | undefined,
    complete: boolean,
    present: readonly Node[],
  ): Promise<void> {
    const before = nodegroup.status;
    const now = this.#context.world.clock.now();
    const late = now - Date.parse(nodegroup.metadata.creationTimestamp!) > joinLimit;
    const issues: HealthIssue[] = [];
    const failure = group?.status?.failureCode;
    if (group && failure) {
      issues.push({
        code: issueCodes[failure] ?? 'AsgInstanceLaunchFailures',
        message: group.status?.failureMessage ?? '',
        resourceIds: [group.metadata.name!],
      });
    } else if (!complete && late && before?.phase !== 'ACTIVE') {
      const joined = new Set(present.map(instanceOf));
      const missing = (group?.status?.instances ?? []).map((one) => one.instanceId).filter((id) => !joined.has(id));
      issues.push({
        code: 'NodeCreationFailure',
        message: 'Instances failed to join the kubernetes cluster',
        resourceIds: missing,
      });
    }
    const failed = before?.phase !== 'ACTIVE' && late && issues.length > 0;
    const status: Nodegroup['status'] = {
      phase: complete || before?.phase === 'ACTIVE' ? 'ACTIVE' : failed ? 'CREATE_FAILED' : 'CREATING',
      ...(complete
        ? { observedGeneration: nodegroup.metadata.generation! }
        : before?.observedGeneration === undefined
          ? {}
          : { observedGeneration: before.observedGeneration }),
      autoScalingGroupName: groupNameOf(nodegroup),
      appliedLabels: nodegroup.spec.labels ?? {},
      appliedTaints: nodeTaints(nodegroup),
      issues,
    };
    if (isDeepStrictEqual(status, before)) return;
    await this.#context.client.resource(nodegroups).updateStatus({ ...nodegroup, status });
  }

  /** Drains the nodes, lets the Auto Scaling group take its instances with it, then everything that was made for them. */
  async #remove(nodegroup: Nodegroup): Promise<number | undefined> {
    const { client, world } = this.#context;
    if (!nodegroup.metadata.finalizers?.includes(nodegroupFinalizer)) return undefined;
    const group = this.#groups.get(undefined, groupNameOf(nodegroup));
    if (group) {
      if (group.metadata.deletionTimestamp) return undefined;
      const force = world.clock.now() - Date.parse(nodegroup.metadata.deletionTimestamp!) > drainLimit;
      if (!(await this.#drained(nodegroup, force))) return lookAgain;
      await client.resource(autoScalingGroups).delete(group.metadata.name!);
      return undefined;
    }
    await client
      .resource(instanceProfiles)
      .delete(profileNameOf(nodegroup))
      .catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    await shutNodesOut(this.#environment, nodegroup);
    const finalizers = nodegroup.metadata.finalizers.filter((one) => one !== nodegroupFinalizer);
    await client.resource(nodegroups).update({ ...nodegroup, metadata: { ...nodegroup.metadata, finalizers } });
    return undefined;
  }

  async #drained(nodegroup: Nodegroup, force: boolean): Promise<boolean> {
    const access = await this.#access(nodegroup.spec.clusterName);
    if (access === undefined) return true;
    const { clusterName, nodegroupName } = nodegroup.spec;
    const elsewhere = this.#nodegroups
      .list()
      .some(
        (one) =>
          one.spec.clusterName === clusterName &&
          !one.metadata.deletionTimestamp &&
          one.metadata.name !== memberName(clusterName, nodegroupName),
      );
    const present = (await access.resource(nodes).list({ labelSelector: `${nodegroupLabel}=${nodegroupName}` })).items;
    let empty = true;
    // Where nothing else could take the pods, waiting for them to go somewhere would be waiting for nothing.
    for (const node of present) if (!(await drainStep(access, node.metadata!.name!, force))) empty = false;
    return empty || !elsewhere;
  }
}
