import { isDeepStrictEqual } from 'node:util';
import { messageOf, type World } from '@keelson/base';
import { type Client, isNotFound, type SharedCache } from '@keelson/client';
import { controlPlanes } from '@keelson/client/region-resources/index.ts';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { ControlPlane } from '@keelson/model/region/object-types.ts';
import { type ClusterKeys, createClusterKeys } from './cluster-keys.ts';
import type { ControlPlaneHost, ControlPlaneStart } from './control-plane-host.ts';

/** Encrypts under the region's key what must not lie open in its store. */
export interface KeySealer {
  seal(purpose: string, text: string): string;
  /** Undefined when it was not sealed here for this purpose. */
  open(purpose: string, sealed: string): string | undefined;
}

export interface ControlPlaneControllerOptions {
  readonly host: ControlPlaneHost;
  readonly sealer: KeySealer;
  readonly region: string;
}

type Status = NonNullable<ControlPlane['status']>;

const finalizer = 'control.keelson.dev/host';
const sealPurpose = 'cluster-keys';
/** How soon a control plane that is starting is asked again whether it is ready, in milliseconds. */
const askAgain = 20;
/** How often one that is ready is looked at. */
const lookAgain = 30_000;

/** What the control plane of `object` is started with; undefined while its keys and port are not settled. */
export function startOf(object: ControlPlane, sealer: KeySealer, region: string): ControlPlaneStart | undefined {
  const { spec, status, metadata } = object;
  if (!status?.sealedKeys || !status.port || !status.endpoint) return undefined;
  const opened = sealer.open(sealPurpose, status.sealedKeys);
  if (opened === undefined)
    throw new Error(`the keys of cluster ${spec.clusterName} cannot be opened with this region's key`);
  return {
    clusterName: spec.clusterName,
    uid: metadata.uid!,
    region,
    minor: spec.minor,
    keys: JSON.parse(opened) as ClusterKeys,
    port: status.port,
    endpoint: status.endpoint,
    nodeEndpoint: status.nodeEndpoint ?? status.endpoint,
    serviceCidr: spec.serviceIpv4Cidr,
    vpcId: spec.vpcId,
    privateAddresses: spec.privateAddresses,
    networkInterfaceIds: spec.networkInterfaceIds,
    issuer: spec.issuer,
    bootstrapAddons: spec.bootstrapAddons,
  };
}

/** Has a control plane run for each ControlPlane object: keys first, then the process, and Ready when it answers. */
export class ControlPlaneController implements Controller {
  readonly name = 'control-plane';
  readonly #options: ControlPlaneControllerOptions;
  #context!: ControllerContext;
  #controlPlanes!: SharedCache<ControlPlane>;
  #endExits: () => void = () => {};

  constructor(options: ControlPlaneControllerOptions) {
    this.#options = options;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#controlPlanes = context.caches.of(controlPlanes);
    this.#controlPlanes.onChange((_, object) => object && context.queue.add(object.metadata.name!));
    this.#endExits = this.#options.host.onExit((name) => context.queue.add(name));
  }

  stop(): void {
    this.#endExits();
  }

  async reconcile(name: string): Promise<number | undefined> {
    const { client } = this.#context;
    const object = this.#controlPlanes.get(undefined, name);
    if (object === undefined) return undefined;
    if (object.metadata.deletionTimestamp) return this.#remove(object);
    if (!object.metadata.finalizers?.includes(finalizer)) {
      const finalizers = [...(object.metadata.finalizers ?? []), finalizer];
      await client.resource(controlPlanes).update({ ...object, metadata: { ...object.metadata, finalizers } });
      return undefined;
    }
    const start = startOf(object, this.#options.sealer, this.#options.region);
    if (start === undefined) {
      await this.#settle(object);
      return undefined;
    }
    return this.#run(object, start);
  }

  /** Keys and port, once and for all. */
  async #settle(object: ControlPlane): Promise<void> {
    const { host, sealer } = this.#options;
    const taken = new Set(this.#controlPlanes.list().flatMap((one) => one.status?.port ?? []));
    const keys = createClusterKeys(this.#context.world, await host.serviceAccountKey?.());
    const port = await host.allocatePort(taken);
    await this.#report(object, {
      phase: 'Pending',
      port,
      endpoint: `https://127.0.0.1:${port}`,
      nodeEndpoint: host.nodeEndpoint(port, object.spec.privateAddresses),
      certificateAuthority: keys.authority.certificate,
      sealedKeys: sealer.seal(sealPurpose, JSON.stringify(keys)),
    });
  }

  async #run(object: ControlPlane, start: ControlPlaneStart): Promise<number> {
    const { host } = this.#options;
    const { message: _, ...before } = object.status!;
    try {
      await host.start(start);
    } catch (error) {
      await this.#report(object, {
        ...before,
        phase: before.phase === 'Ready' ? 'Ready' : 'Pending',
        message: messageOf(error),
      });
      throw error;
    }
    if (!(await host.ready(start))) return askAgain;
    await this.#report(object, { ...before, phase: 'Ready', minor: start.minor });
    return lookAgain;
  }

  async #report(object: ControlPlane, status: Status): Promise<void> {
    if (isDeepStrictEqual(status, object.status)) return;
    await this.#context.client.resource(controlPlanes).updateStatus({ ...object, status });
  }

  async #remove(object: ControlPlane): Promise<undefined> {
    if (!object.metadata.finalizers?.includes(finalizer)) return undefined;
    await this.#options.host.remove(object.spec.clusterName);
    const finalizers = object.metadata.finalizers.filter((one) => one !== finalizer);
    await this.#context.client
      .resource(controlPlanes)
      .update({ ...object, metadata: { ...object.metadata, finalizers } });
    return undefined;
  }
}

/** How the AWS side enters clusters: one client for each that is ready, as long as its keys are the same. */
export function clusterAccess(
  options: ControlPlaneControllerOptions & { readonly client: Client; readonly world: World },
) {
  const known = new Map<string, { readonly uid: string; readonly client: Client }>();
  return async (clusterName: string): Promise<Client | undefined> => {
    const object = await options.client
      .resource(controlPlanes)
      .get(clusterName)
      .catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    if (object?.status?.phase !== 'Ready' || object.metadata.deletionTimestamp) return undefined;
    const present = known.get(clusterName);
    if (present?.uid === object.metadata.uid) return present?.client;
    const start = startOf(object, options.sealer, options.region);
    if (start === undefined) return undefined;
    const client = options.host.administrator(start);
    known.set(clusterName, { uid: object.metadata.uid!, client });
    return client;
  };
}
