import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '@keelson/base';
import type { VpcNames } from '../../../vpc-dns/vpc-names.ts';
import { FolderProcess } from '../folder-process.ts';
import { inNamespace } from '../namespaces.ts';
import type { OutsideConfiguration, ResolverConfiguration, ResolverState } from './resolver-configuration.ts';

export interface VpcResolversOptions {
  readonly world: World;
  /** In the data directory: each VPC has a folder in it. */
  readonly folder: string;
  /** The command that runs main.ts, or what was bundled from it. */
  readonly program: readonly string[];
  /** Egress: names that a VPC does not know are asked for outside. Default: such names do not exist. */
  readonly outside?: OutsideConfiguration;
  /** The path of a VPC's network namespace. */
  namespaceOf(vpcId: string): string;
}

/** The folder of the process that asks outside, beside those of VPCs. */
const outsideFolder = 'outside';

/**
 * Amazon's DNS, by a process in the namespace of each VPC. The processes outlive the region process and are found again
 * by their records; other names reach a running one. Calls for one VPC must not overlap.
 */
export class VpcResolvers {
  readonly #options: VpcResolversOptions;
  #outside: Promise<void> = Promise.resolve();

  constructor(options: VpcResolversOptions) {
    this.#options = options;
  }

  /**
   * Has `names` answered at the addresses `listen`. Resolves to true when they are in force, which they are at an
   * address once the VPC has it; to false when the VPC has no namespace yet.
   * @throws Error when the process does not begin
   */
  async ensure(vpcId: string, names: VpcNames, listen: readonly string[]): Promise<boolean> {
    const { program, outside } = this.#options;
    const path = this.#options.namespaceOf(vpcId);
    const namespace = identityOf(path);
    if (namespace === undefined) return false;
    await this.#ensureOutside();
    const configuration: ResolverConfiguration = { listen, names, ...(outside && { outsideSocket: outside.socket }) };
    const text = JSON.stringify(configuration);
    const resolver = this.#process(vpcId);
    const { running } = resolver;
    if (running !== undefined && identityOf(`/proc/${running.pid}/ns/net`) === namespace) {
      await resolver.configure(text);
      return true;
    }
    // A namespace that was made anew has nothing to do with what still runs in the old one.
    await resolver.stop();
    await resolver.start(inNamespace(path, program), text);
    return true;
  }

  /** Resolves when nothing answers for the VPC any more. */
  async remove(vpcId: string): Promise<void> {
    await this.#process(vpcId).remove();
  }

  /** The VPCs that have a resolver, or had one. */
  list(): string[] {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    return readdirSync(this.#options.folder).filter((name) => name !== outsideFolder);
  }

  /** What the VPC's resolver says of itself; undefined when nothing is known. */
  state(vpcId: string): ResolverState | undefined {
    return this.#process(vpcId).state() as ResolverState | undefined;
  }

  /** Ends the resolvers of all VPCs. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.list(), outsideFolder].map((name) => this.#process(name).remove()));
  }

  /** The process that asks outside is one for all VPCs, and none without egress. */
  #ensureOutside(): Promise<void> {
    const { outside, program } = this.#options;
    const settle = async () => {
      const asker = this.#process(outsideFolder);
      if (outside === undefined) return asker.remove();
      const text = JSON.stringify(outside);
      if (asker.running === undefined) await asker.start([...program, 'outside'], text);
      else await asker.configure(text);
    };
    this.#outside = this.#outside.catch(() => {}).then(settle);
    return this.#outside;
  }

  #process(name: string): FolderProcess {
    const { world, folder } = this.#options;
    return new FolderProcess({ world, folder: join(folder, name), title: `the resolver of ${name}` });
  }
}

/** Which namespace a path leads to; undefined when there is none. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}
