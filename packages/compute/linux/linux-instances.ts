import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { messageOf, randomHex, type World } from '@keelson/base';
import type { CacheSource, SharedCache } from '@keelson/client';
import { instances, networkInterfaces } from '@keelson/client/region-resources/index.ts';
import type { Instance, NetworkInterface } from '@keelson/model/region/object-types.ts';
import type { PlannedLink } from '@keelson/network';
import type { InterfacePlace } from '@keelson/network/dataplanes/linux/link-commands.ts';
import { ownPrefix } from '@keelson/network/dataplanes/linux/namespaces.ts';
import { type ProcessRecord, runningProcess } from '@keelson/network/dataplanes/linux/process-record.ts';
import { searchPath } from '@keelson/network/dataplanes/linux/run-command.ts';
import { metadataAddress } from '../imds/metadata-service.ts';
import type { InstanceDriver, InstancePlan } from '../instance-driver.ts';
import { CredentialsKeeper, type CredentialsSource } from './credentials-keeper.ts';
import type { InitConfiguration, InitReport, InitService } from './init/init-configuration.ts';
import { InstanceFacts, type RegionFacts } from './instance-facts.ts';
import { type CgroupHierarchy, MachineCgroups, parseHierarchies } from './machine/cgroups.ts';
import {
  type ContainerdSettings,
  containerdFiles,
  mayLowerOomScore,
  snapshotterFor,
} from './machine/containerd-config.ts';
import { type InstanceFolder, insideRun, instanceFolder } from './machine/instance-folder.ts';
import { InstanceMachine } from './machine/instance-machine.ts';
import { writePrivateFile } from './machine/private-file.ts';
import { boundSettings, existingFolders, writeRootFiles } from './machine/root-files.ts';
import { setupScript } from './machine/setup-script.ts';

/** Connects the interfaces of an instance whose namespaces exist. Resolves when packets flow. */
export type ConnectInterfaces = (interfaces: readonly NetworkInterface[]) => Promise<void>;

export interface LinuxInstancesOptions {
  readonly world: World;
  /** Eight hexadecimal digits: whose control groups these are. */
  readonly identity: string;
  /** Where instances have their disks: a folder for each, on a file system that overlayfs can write to. */
  readonly folder: string;
  readonly region: RegionFacts;
  /** Of the region's API. */
  readonly caches: CacheSource;
  readonly connect: ConnectInterfaces;
  /** The command that runs init/main.ts, or what was bundled from it, with the machine's paths. */
  readonly init: readonly string[];
  /** Folders of the machine, beside /usr, that commands in instances need; each is there read-only at the same path. */
  readonly readOnlyPaths: readonly string[];
  /** The program of containerd; instances run none when it is undefined. */
  readonly containerd: string | undefined;
  readonly containerdSettings: Omit<ContainerdSettings, 'restrictOomScore' | 'snapshotter'>;
  /** Puts what the machine image has, beside the machine's own programs, on a new disk; it is given the disk's root. */
  fillDisk?(root: string): Promise<void>;
  /** What runs in an instance beside containerd: the node's agent. */
  services(plan: InstancePlan): readonly InitService[];
  /** Further files of an instance by absolute path, written at each start. */
  files(plan: InstancePlan): Readonly<Record<string, string>>;
  /** Where an instance asks for names. */
  readonly nameServers: (plan: InstancePlan) => readonly string[];
  readonly credentials: CredentialsSource;
  /** The machine's trees of control groups; those that are mounted, when undefined. */
  readonly hierarchies?: readonly CgroupHierarchy[];
}

/**
 * Instances as containers of this machine: each has net, mount, pid, ipc, uts and cgroup namespaces, a disk in the data
 * directory with the machine's programs beneath it, an init, a containerd and the node's agent. They do not end with
 * the region process; the next driver finds them by their records. What an instance leaves in the kernel ends with its
 * init, and its control groups with the shell that waits for it.
 */
export class LinuxInstances implements InstanceDriver {
  readonly name = 'linux';
  readonly #options: LinuxInstancesOptions;
  readonly #cgroups: MachineCgroups;
  readonly #facts: InstanceFacts;
  readonly #credentials: CredentialsKeeper;
  readonly #instances: SharedCache<Instance>;
  readonly #interfaces: SharedCache<NetworkInterface>;
  readonly #machines = new Map<string, InstanceMachine>();
  readonly #listeners = new Set<(instanceId: string) => void>();
  readonly #endings: (() => void)[];
  /** Resolves when all that metadata is made from is known. */
  readonly #ready: Promise<void>;
  #isReady = false;

  constructor(options: LinuxInstancesOptions) {
    this.#options = options;
    const hierarchies = options.hierarchies ?? parseHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'));
    this.#cgroups = new MachineCgroups(hierarchies, ownPrefix(options.identity).slice(0, -1));
    this.#facts = new InstanceFacts(options.region, options.caches);
    this.#credentials = new CredentialsKeeper(options.world, options.credentials);
    this.#instances = options.caches.of(instances);
    this.#interfaces = options.caches.of(networkInterfaces);
    this.#endings = [
      this.#instances.onChange((_before, now) => this.#refresh(now?.metadata.name)),
      this.#interfaces.onChange((before, now) => {
        this.#refresh(before?.spec.attachment?.instanceId);
        this.#refresh(now?.spec.attachment?.instanceId);
      }),
    ];
    this.#ready = Promise.all([this.#facts.synced, this.#instances.synced, this.#interfaces.synced]).then(() => {
      this.#isReady = true;
      for (const id of this.#folders()) this.#refresh(id);
    });
  }

  /** The network namespace of the instance that has this interface: what a VPC's fabric asks. */
  readonly placement = (link: PlannedLink): InterfacePlace | undefined => {
    const record = link.instanceId === undefined ? undefined : this.#process(link.instanceId);
    return record && { target: String(record.pid), path: `/proc/${record.pid}/ns/net` };
  };

  async start(plan: InstancePlan): Promise<void> {
    const id = plan.instance.metadata.name!;
    const machine = this.#machine(id);
    if (machine.process === undefined) await this.#begin(plan, machine);
    await Promise.all([this.#options.connect(plan.interfaces), this.#watch(id, machine)]);
  }

  async stop(instanceId: string): Promise<void> {
    this.#credentials.remove(instanceId);
    await this.#machine(instanceId).stop();
    this.#machines.delete(instanceId);
  }

  async terminate(instanceId: string): Promise<void> {
    const machine = this.#machine(instanceId);
    await this.stop(instanceId);
    await machine.erase();
  }

  async running(): Promise<readonly string[]> {
    const found = this.#folders().filter((id) => this.#process(id) !== undefined);
    await Promise.all(
      found.map((id) =>
        this.#watch(id, this.#machine(id)).catch((error: unknown) =>
          this.#options.world.log.warn('an instance does not answer', { instance: id, error: messageOf(error) }),
        ),
      ),
    );
    return found;
  }

  onExit(listener: (instanceId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const end of this.#endings) end();
    this.#credentials.close();
    for (const machine of this.#machines.values()) machine.release();
    this.#machines.clear();
  }

  /** How the services of an instance fare, as far as it has told. */
  report(instanceId: string): InitReport | undefined {
    return this.#machines.get(instanceId)?.report;
  }

  #process(id: string): ProcessRecord | undefined {
    return runningProcess(this.#folder(id).recordFile);
  }

  #folder(id: string): InstanceFolder {
    return instanceFolder(this.#options.folder, id);
  }

  #folders(): string[] {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    return readdirSync(this.#options.folder);
  }

  #machine(instanceId: string): InstanceMachine {
    let machine = this.#machines.get(instanceId);
    if (machine === undefined) {
      const { world } = this.#options;
      const folder = this.#folder(instanceId);
      machine = new InstanceMachine({ world, instanceId, folder, cgroups: this.#cgroups, searchPath });
      this.#machines.set(instanceId, machine);
    }
    return machine;
  }

  async #begin(plan: InstancePlan, machine: InstanceMachine): Promise<void> {
    const { world, init, readOnlyPaths } = this.#options;
    const { instance, type } = plan;
    const id = instance.metadata.name!;
    const folder = this.#folder(id);
    await Promise.all([machine.clean(), this.#ready]);
    const start = randomHex(world.random, 6);
    const facts = {
      hostName: instance.spec.privateDnsName,
      machineId: machineId(id),
      nameServers: this.#options.nameServers(plan),
      searchDomains: [instance.spec.privateDnsName.split('.').slice(1).join('.')],
      files: { ...this.#containerdFiles(), ...this.#options.files(plan) },
    };
    await writeRootFiles(folder, facts, async (root) => this.#options.fillDisk?.(root));
    writePrivateFile(folder.initFile, JSON.stringify(this.#initConfiguration(plan)));
    this.#writeMetadata(folder, instance, plan.interfaces);
    await this.#credentials.add(id, folder.credentialsFile);
    this.#cgroups.prepare(id, start, type);
    const cgroups = this.#cgroups.folders(id, start);
    const script = setupScript({
      folder,
      hostName: instance.spec.privateDnsName,
      readOnlyPaths: [...existingFolders(boundSettings.map((name) => `/etc/${name}`)), ...readOnlyPaths],
      hierarchies: this.#cgroups.hierarchies,
      cgroups,
      localAddresses: [metadataAddress],
      init: [...init, `${insideRun}/init.json`],
      searchPath,
    });
    await machine.begin(script, cgroups);
  }

  #containerdFiles(): Record<string, string> {
    if (this.#options.containerd === undefined) return {};
    const restrictOomScore = !mayLowerOomScore(readFileSync('/proc/self/status', 'utf8'));
    const snapshotter = snapshotterFor(this.#options.folder);
    return containerdFiles({ ...this.#options.containerdSettings, snapshotter, restrictOomScore });
  }

  #initConfiguration(plan: InstancePlan): InitConfiguration {
    const { containerd } = this.#options;
    const runtime: readonly InitService[] =
      containerd === undefined
        ? []
        : [
            {
              name: 'containerd',
              command: [containerd, '--config', '/etc/containerd/config.toml'],
              environment: {},
              needsNetwork: false,
            },
          ];
    return {
      services: [...runtime, ...this.#options.services(plan)],
      logFolder: '/var/log',
      metadataFile: `${insideRun}/metadata.json`,
      credentialsFile: `${insideRun}/credentials.json`,
      controlSocket: `${insideRun}/control.sock`,
      metadataAddress,
    };
  }

  /** Writes what the instance's metadata says, when one of its objects was changed. */
  #refresh(instanceId: string | undefined): void {
    if (!this.#isReady || instanceId === undefined || this.#process(instanceId) === undefined) return;
    const instance = this.#instances.get(undefined, instanceId);
    if (instance === undefined) return;
    const attached = this.#interfaces
      .list()
      .filter(({ spec }) => spec.attachment?.instanceId === instanceId)
      .sort((one, other) => one.spec.attachment!.deviceIndex - other.spec.attachment!.deviceIndex);
    this.#writeMetadata(this.#folder(instanceId), instance, attached);
  }

  #writeMetadata(folder: InstanceFolder, instance: Instance, interfaces: readonly NetworkInterface[]): void {
    writePrivateFile(folder.metadataFile, JSON.stringify(this.#facts.metadataOf(instance, interfaces)));
  }

  async #watch(id: string, machine: InstanceMachine): Promise<void> {
    await machine.watch(() => {
      this.#credentials.remove(id);
      machine.clean().catch((error: unknown) => {
        this.#options.world.log.warn('an instance left something', { instance: id, error: messageOf(error) });
      });
      for (const listener of this.#listeners) listener(id);
    });
    await this.#credentials.add(id, this.#folder(id).credentialsFile);
  }
}

/** As the node's description has it. */
function machineId(instanceId: string): string {
  return `ec2${createHash('sha256').update(instanceId).digest('hex').slice(0, 32).slice(3)}`;
}
