import { isDeepStrictEqual } from 'node:util';
import { isAlreadyExists, isNotFound, type ResourceRef, type SharedCache } from '@keelson/client';
import {
  accessEntries,
  clusters,
  controlPlanes,
  networkInterfaces,
  securityGroups,
  subnets,
  updates,
} from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { ApiObject } from '@keelson/model';
import type {
  Cluster,
  ControlPlane,
  HealthIssue,
  NetworkInterface,
  Subnet,
} from '@keelson/model/region/object-types.ts';
import type { Place } from '../cluster-view.ts';
import { clusterUniqueId } from '../names.ts';
import { clusterFinalizer } from '../operations/cluster-operations.ts';
import { newObject } from '../operations/environment.ts';
import { findVersion, minorOf } from '../versions.ts';
import {
  clusterSecurityGroup,
  clusterSecurityGroupId,
  interfaceId,
  interfaceSubnets,
  planInterfaces,
} from './cluster-network.ts';

/** How soon a cluster whose interfaces were just made is looked at again, in milliseconds. */
const soon = 5;

/** Where a cluster's service account issuer is published: EKS' own form, without a port. */
export function issuerOf(cluster: Cluster, place: Place): string {
  return `https://oidc.eks.${place.region}.amazonaws.com/id/${clusterUniqueId(cluster.metadata.uid!)}`;
}

/**
 * Makes of a cluster that was asked for one that is there: its security group and interfaces in the VPC, a ControlPlane
 * object for whoever makes control planes, and at the end ACTIVE. Takes all of it away again when it is deleted.
 */
export class ClusterController implements Controller {
  readonly name = 'eks-cluster';
  readonly #place: Place;
  #context!: ControllerContext;
  #clusters!: SharedCache<Cluster>;
  #controlPlanes!: SharedCache<ControlPlane>;
  #subnets!: SharedCache<Subnet>;
  #interfaces!: SharedCache<NetworkInterface>;

  constructor(place: Place) {
    this.#place = place;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#clusters = context.caches.of(clusters);
    this.#controlPlanes = context.caches.of(controlPlanes);
    this.#subnets = context.caches.of(subnets);
    this.#interfaces = context.caches.of(networkInterfaces);
    const changed = (previous: ApiObject | undefined, object: ApiObject | undefined) =>
      context.queue.add((object ?? previous)!.metadata!.name!);
    this.#clusters.onChange(changed);
    this.#controlPlanes.onChange(changed);
  }

  async reconcile(name: string): Promise<number | undefined> {
    const cluster = this.#clusters.get(undefined, name);
    if (cluster === undefined) return undefined;
    if (cluster.metadata.deletionTimestamp) return this.#remove(cluster);
    const issues = await this.#network(cluster);
    if (issues === undefined) return undefined;
    if (issues.length === 0) await this.#controlPlane(cluster);
    await this.#report(cluster, issues);
    return issues.length > 0 ? 5_000 : undefined;
  }

  async #create<T extends ApiObject>(ref: ResourceRef<T>, object: T): Promise<void> {
    try {
      await this.#context.client.resource(ref).create(object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #subnetsOf(cluster: Cluster): Subnet[] {
    return cluster.spec.subnetIds
      .map((id) => this.#subnets.get(undefined, id))
      .filter((subnet) => subnet !== undefined);
  }

  /** Security group and interfaces; what cannot be made is a health issue, in EKS' codes. Undefined: they were just made. */
  async #network(cluster: Cluster): Promise<HealthIssue[] | undefined> {
    const found = this.#subnetsOf(cluster);
    const missing = cluster.spec.subnetIds.filter((id) => !found.some((subnet) => subnet.metadata.name === id));
    if (missing.length > 0) {
      return [
        {
          code: 'SubnetNotFound',
          message: `We couldn't find one or more subnets: ${missing.join(', ')}`,
          resourceIds: missing,
        },
      ];
    }
    if (!cluster.status?.clusterSecurityGroupId) {
      await this.#create(securityGroups, clusterSecurityGroup(cluster, found[0]!.spec.vpcId));
    }
    const { operations, full } = planInterfaces(cluster, found, this.#interfaces.list());
    if (full.length > 0) {
      const message =
        'One or more of the subnets associated with your cluster does not have enough available IP addresses';
      return [{ code: 'InsufficientFreeAddresses', message, resourceIds: full }];
    }
    if (operations.length === 0) return [];
    await this.#context.client.transact(operations);
    // The control plane is made for their addresses: it waits until the cache has them.
    this.#context.queue.addAfter(cluster.metadata.name!, soon);
    return undefined;
  }

  #interfacesOf(cluster: Cluster): NetworkInterface[] {
    return interfaceSubnets(this.#subnetsOf(cluster)).flatMap(
      (subnet) => this.#interfaces.get(undefined, interfaceId(cluster, subnet)) ?? [],
    );
  }

  async #controlPlane(cluster: Cluster): Promise<void> {
    const name = cluster.metadata.name!;
    const present = this.#controlPlanes.get(undefined, name);
    const minor = minorOf(cluster.spec.version);
    if (present === undefined) {
      await this.#create(
        controlPlanes,
        newObject<ControlPlane>(controlPlanes, name, {
          clusterName: name,
          minor,
          serviceIpv4Cidr: cluster.spec.serviceIpv4Cidr,
          vpcId: this.#subnetsOf(cluster)[0]!.spec.vpcId,
          subnetIds: cluster.spec.subnetIds,
          securityGroupIds: [clusterSecurityGroupId(cluster), ...cluster.spec.securityGroupIds],
          privateAddresses: this.#interfacesOf(cluster).map((one) => one.spec.privateIpAddress),
          networkInterfaceIds: this.#interfacesOf(cluster).map((one) => one.metadata.name!),
          issuer: issuerOf(cluster, this.#place),
          bootstrapAddons: cluster.spec.bootstrapSelfManagedAddons,
        }),
      );
    } else if (present.spec.minor !== minor) {
      await this.#context.client.resource(controlPlanes).update({ ...present, spec: { ...present.spec, minor } });
    }
  }

  async #report(cluster: Cluster, issues: readonly HealthIssue[]): Promise<void> {
    const controlPlane = this.#controlPlanes.get(undefined, cluster.metadata.name!)?.status;
    const wanted = minorOf(cluster.spec.version);
    const settled = controlPlane?.phase === 'Ready' && controlPlane.minor === wanted;
    const before = cluster.status;
    const observedVersion = settled ? cluster.spec.version : before?.observedVersion;
    const status: Cluster['status'] = {
      ...before,
      phase:
        settled || before?.phase === 'ACTIVE' ? 'ACTIVE' : controlPlane?.phase === 'Failed' ? 'FAILED' : 'CREATING',
      ...(settled ? { observedGeneration: cluster.metadata.generation! } : {}),
      ...(controlPlane?.phase === 'Ready'
        ? {
            endpoint: controlPlane.endpoint!,
            nodeEndpoint: controlPlane.nodeEndpoint ?? controlPlane.endpoint!,
            certificateAuthorityData: Buffer.from(controlPlane.certificateAuthority!).toString('base64'),
          }
        : {}),
      oidcIssuer: issuerOf(cluster, this.#place),
      vpcId: before?.vpcId ?? this.#subnetsOf(cluster)[0]?.spec.vpcId ?? '',
      clusterSecurityGroupId: clusterSecurityGroupId(cluster),
      platformVersion: findVersion(observedVersion ?? cluster.spec.version)?.platformVersion ?? '',
      ...(observedVersion ? { observedVersion } : {}),
      issues: [
        ...issues.map((issue) => ({ ...issue })),
        ...(controlPlane?.phase === 'Failed'
          ? [{ code: 'InternalFailure', message: controlPlane.message ?? '', resourceIds: [cluster.metadata.name!] }]
          : []),
      ],
    };
    if (isDeepStrictEqual(status, before)) return;
    await this.#context.client.resource(clusters).updateStatus({ ...cluster, status });
  }

  /** Deletes what belongs to the cluster, the control plane first, and lets it go when nothing is left. */
  async #remove(cluster: Cluster): Promise<number | undefined> {
    const { client, caches } = this.#context;
    const name = cluster.metadata.name!;
    if (!cluster.metadata.finalizers?.includes(clusterFinalizer)) return undefined;
    const controlPlane = this.#controlPlanes.get(undefined, name);
    if (controlPlane !== undefined) {
      if (!controlPlane.metadata.deletionTimestamp) await this.#delete(controlPlanes, name);
      // Its own going away brings this cluster back here.
      return undefined;
    }
    for (const one of this.#interfaces.list()) {
      if (
        one.spec.requesterId === 'amazon-eks' &&
        one.spec.groupIds.includes(clusterSecurityGroupId(cluster)) &&
        !one.spec.attachment
      ) {
        await this.#delete(networkInterfaces, one.metadata.name!);
      }
    }
    await this.#delete(securityGroups, clusterSecurityGroupId(cluster));
    for (const ref of [accessEntries, updates]) {
      const cache = caches.of(ref as ResourceRef);
      await cache.synced;
      for (const object of cache.list())
        if (object['spec'].clusterName === name) await this.#delete(ref, object.metadata!.name!);
    }
    const finalizers = cluster.metadata.finalizers.filter((one) => one !== clusterFinalizer);
    await client.resource(clusters).update({ ...cluster, metadata: { ...cluster.metadata, finalizers } });
    return undefined;
  }

  async #delete(ref: ResourceRef, name: string): Promise<void> {
    try {
      await this.#context.client.resource(ref).delete(name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
