import {
  type ApiServer,
  type ApiServerSettings,
  type ClusterDialer,
  clusterGates,
  configuredEncryption,
  createApiServer,
  type NodeConnector,
  ResourceCaches,
  reconcilePolicy,
  signingKey,
  WebhookClient,
} from '@keelson/apiserver';
import { type HttpHandler, messageOf, type World } from '@keelson/base';
import { type Client, createClient, inProcessPeer, kubernetesResources, type ResourceRef } from '@keelson/client';
import { type RunningControllers, runControllers } from '@keelson/controller-kit';
import { type Instances, kubernetesControllers, type LoadBalancers } from '@keelson/controllers';
import { type ApiObject, catalogueFor, type Descriptions, GrowingCatalogue } from '@keelson/model';
import { kubernetesPatches } from '@keelson/model/region/images.ts';
import { addressAt, formatAddress, parseCidr } from '@keelson/network';
import type { Store } from '@keelson/store';
import { addonObjects } from './addons/manifests.ts';
import { gp2StorageClass } from './addons/storage-class.ts';
import { authorityName, type ClusterKeys, frontProxy } from './cluster-keys.ts';
import { controllerUser } from './controller-users.ts';
import { EksTokenAuthenticator } from './eks-authentication/eks-token-authenticator.ts';
import type { IdentityService } from './eks-authentication/identity.ts';
import { signRequest } from './pki/sign-request.ts';
import { SchedulerController } from './scheduler-controller.ts';

/** One cluster's control plane as a value: everything that it is, and everything that it is given. */
export interface ControlPlaneOptions {
  readonly world: World;
  readonly store: Store;
  readonly clusterName: string;
  readonly region: string;
  /** 33 for Kubernetes 1.33. */
  readonly minor: number;
  readonly keys: ClusterKeys;
  readonly serviceCidr: string;
  readonly issuer: string;
  /** Where nodes and add-ons reach it. */
  readonly endpoint: string;
  /** Its address in the VPC, which default/kubernetes leads to. */
  readonly advertise?: { readonly address: string; readonly port: number };
  /** The image of the add-ons; absent: the cluster starts without them. */
  readonly addonImage?: string;
  /** Tells who presents an EKS token. */
  readonly identify?: IdentityService;
  readonly connector?: NodeConnector;
  /** Reaches addresses in the VPC, where webhooks' Services lead; absent: there is no such network. */
  readonly dial?: ClusterDialer;
  /** What documents of the API say of types and fields. */
  readonly descriptions?: Descriptions;
  readonly loadBalancers?: LoadBalancers;
  /** Others write to the store as well (etcd). */
  readonly sharedStore?: boolean;
  /** How far back watches and paged lists may go, in milliseconds; upstream's five minutes when absent. */
  readonly historyWindow?: number;
  readonly instances?: Instances;
  /** What the user set of the API server. */
  readonly apiServer?: ApiServerSettings;
}

/** A cluster's API server, controllers and scheduler. Whoever runs it gives it a listener. */
export interface ControlPlane {
  readonly server: ApiServer;
  readonly handler: HttpHandler;
  /** The address that pods know the API server by: the first of the Services' block. */
  readonly serviceAddress: string;
  /** A client in this process, as somebody. */
  clientAs(name: string, groups?: readonly string[]): Client;
  /** Resolves when the API server answers and the controllers work. */
  start(): Promise<void>;
  /** Ends controllers first, then the API server; the store stays open. */
  stop(): Promise<void>;
  /** True when no controller has anything to do; for tests that wait for rest. */
  idle(): boolean;
}

/** How long a token may live at the most, and how long one of a pod really does (EKS User Guide, service accounts). */
const longestSeconds = 86_400;
const extendedSeconds = 90 * 86_400;

/** The first address of the Services' block: the API server's own. */
export function serviceAddress(serviceCidr: string): string {
  return formatAddress(addressAt(parseCidr(serviceCidr)!, 1));
}

/** The tenth address of the Services' block: where EKS has cluster DNS. */
export function dnsAddress(serviceCidr: string): string {
  return formatAddress(addressAt(parseCidr(serviceCidr)!, 10));
}

function versionInfo(minor: number) {
  return {
    major: '1',
    minor: String(minor),
    gitVersion: `v${kubernetesPatches[minor] ?? `1.${minor}.0`}-eks-3025e55`,
    gitCommit: '3025e55c2f4a1d0b8e7c6f5a4b3d2e1f0a9b8c7d',
    gitTreeState: 'clean',
    buildDate: '2026-06-01T00:00:00Z',
    goVersion: 'go1.25.0',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

/** Puts a control plane together. Nothing runs before `start`. */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { world, minor, keys } = options;
  const key = keys.secretsKey === undefined ? undefined : Buffer.from(keys.secretsKey, 'base64');
  const encryption = configuredEncryption(options.apiServer ?? {}, options.store, world, key);
  const { store } = encryption;
  const catalogue = new GrowingCatalogue(catalogueFor(minor));
  const caches = new ResourceCaches({ world, store, catalogue });
  const eksTokens = options.identify && new EksTokenAuthenticator(world, options.identify, caches);
  const webhooks = new WebhookClient({ world, reader: caches, ...(options.dial ? { dial: options.dial } : {}) });
  const gates = clusterGates({
    world,
    reader: caches,
    catalogue,
    minor,
    webhooks,
    serviceAccounts: {
      issuer: options.issuer,
      signingKey: signingKey(keys.serviceAccountKey),
      audiences: [options.issuer, 'https://kubernetes.default.svc'],
      keySetUrl: `${options.issuer}/keys`,
      longestSeconds,
      extendedSeconds,
    },
    tokens: eksTokens ? [eksTokens] : [],
    ...(options.apiServer ? { settings: options.apiServer } : {}),
  });
  const proxy = frontProxy(world, keys);
  const addons = [gp2StorageClass, ...(options.addonImage ? addonsFor(options, options.addonImage) : [])];
  let controllers: RunningControllers | undefined;
  const server = createApiServer({
    world,
    store,
    catalogue,
    caches,
    version: versionInfo(minor),
    ...gates,
    parts: [...(gates.parts ?? []), encryption],
    healthChecks: encryption.healthChecks,
    components: [
      { name: 'scheduler', check: async () => running(controllers) },
      { name: 'controller-manager', check: async () => running(controllers) },
      { name: 'etcd-0', check: async () => reachable(store) },
    ],
    aggregation: {
      proxyCertificate: proxy.certificate,
      authorities: { client: keys.authority.certificate, requestHeader: proxy.authority },
      ...(options.dial ? { dial: options.dial } : {}),
    },
    webhooks,
    sharedStore: options.sharedStore ?? false,
    limits: options.historyWindow === undefined ? {} : { historyWindow: options.historyWindow },
    ...(options.connector ? { connector: options.connector } : {}),
    ...(options.dial ? { dial: options.dial } : {}),
    ...(options.descriptions ? { descriptions: options.descriptions } : {}),
    services: { block: options.serviceCidr, ...(options.advertise ? { advertise: options.advertise } : {}) },
  });
  const clientAs = (name: string, groups: readonly string[] = []) =>
    createClient({
      send: server.handler,
      clock: world.clock,
      peer: inProcessPeer(name, groups),
      userAgent: program(name),
    });
  return {
    server,
    handler: server.handler,
    serviceAddress: serviceAddress(options.serviceCidr),
    clientAs,
    idle: () => controllers?.idle() ?? true,
    start: async () => {
      await server.start();
      const administrator = clientAs('system:apiserver', ['system:masters']);
      await bringPolicyUpToDate(administrator, caches, gates.bootstrap ?? []);
      await installAddons(administrator, addons);
      controllers = startControllers(options, clientAs);
      await controllers.started;
    },
    stop: async () => {
      await controllers?.stop();
      await server.stop();
      webhooks.close();
    },
  };
}

function running(controllers: RunningControllers | undefined): string | undefined {
  return controllers === undefined ? 'it has not started' : undefined;
}

async function reachable(store: Store): Promise<string | undefined> {
  return store.get('/registry/health').then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
}

/** The program that upstream runs a user of the control plane in: it is the manager of what that user changes. */
function program(user: string): string {
  if (user === 'system:apiserver') return 'kube-apiserver';
  return user === 'system:kube-scheduler' ? 'kube-scheduler' : 'kube-controller-manager';
}

function addonsFor({ region, clusterName, serviceCidr, endpoint }: ControlPlaneOptions, image: string): ApiObject[] {
  return addonObjects({ region, clusterName, dnsAddress: dnsAddress(serviceCidr), endpoint, image });
}

function startControllers(options: ControlPlaneOptions, clientAs: ControlPlane['clientAs']): RunningControllers {
  const { world, keys, minor, loadBalancers, instances } = options;
  const kubernetes = kubernetesControllers({
    minor,
    rootCa: keys.authority.certificate,
    certificateSigner: (order) => signRequest(world, authorityName, keys.authority, order),
    ...(loadBalancers ? { loadBalancers } : {}),
    ...(instances ? { instances } : {}),
  });
  return runControllers({
    controllers: [...kubernetes, () => new SchedulerController(minor)],
    client: clientAs('system:kube-controller-manager'),
    clientFor: (name) => {
      const user = controllerUser(name);
      return clientAs(user.name, user.groups);
    },
    world,
  });
}

const policyRefs: Readonly<Record<string, ResourceRef>> = {
  Role: kubernetesResources.roles,
  RoleBinding: kubernetesResources.roleBindings,
  ClusterRole: kubernetesResources.clusterRoles,
  ClusterRoleBinding: kubernetesResources.clusterRoleBindings,
};

/** What an older version stored of the default roles gets what this one has beyond it. */
async function bringPolicyUpToDate(
  client: Client,
  caches: ResourceCaches,
  wanted: readonly ApiObject[],
): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const existing = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].flatMap((resource) =>
    caches.list(group, resource),
  );
  for (const step of reconcilePolicy(existing, wanted)) {
    const resource = client.resource(policyRefs[step.object.kind!]!);
    const { name, namespace } = step.object.metadata!;
    if (step.action === 'recreate') await resource.delete(name!, namespace);
    if (step.action === 'update') await resource.update(step.object);
    else await resource.create(step.object);
  }
}

const addonsInstalled = 'keelson.dev/addons-installed';

/**
 * Creates the add-ons once in a cluster's life: what its users change or delete afterwards stays as they left it. That it
 * was done is written on kube-system, after the last of them.
 */
async function installAddons(client: Client, addons: readonly ApiObject[]): Promise<void> {
  const namespaces = client.resource(kubernetesResources.namespaces);
  const system = await namespaces.get('kube-system');
  if (system.metadata?.annotations?.[addonsInstalled]) return;
  const refs = Object.values(kubernetesResources) as ResourceRef[];
  for (const object of addons) {
    const ref = refs.find(
      (one) => one.kind === object.kind && `${one.group ? `${one.group}/` : ''}${one.version}` === object.apiVersion,
    )!;
    await client
      .resource(ref)
      .create(object)
      .catch((error: unknown) => {
        // It was made before a crash, and the annotation was not.
        if ((error as { reason?: string }).reason !== 'AlreadyExists') throw error;
      });
  }
  await namespaces.patch(
    'kube-system',
    undefined,
    { metadata: { annotations: { [addonsInstalled]: 'true' } } },
    { type: 'merge' },
  );
}
