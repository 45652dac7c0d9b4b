import { existsSync } from 'node:fs';
import type { World } from '@keelson/base';
import type { PlannedLink } from '../../vpc-plan.ts';
import type { InterfacePlace } from './link-commands.ts';
import { addNamespace, deleteNamespace, inNamespace, namespaceFolder, ownNamespaces, ownPrefix } from './namespaces.ts';
import { runCommand } from './run-command.ts';

/**
 * Network namespaces for interfaces that belong to no instance: a control plane is in one. Each has the name of its
 * interface, so that nobody has to remember which is whose.
 */
export class InterfaceNamespaces {
  readonly #world: World;
  readonly #identity: string;

  constructor(world: World, identity: string) {
    this.#world = world;
    this.#identity = identity;
  }

  /** The path of the interface's namespace, which is made when it is missing. The interface comes with the VPC's next plan. */
  async ensure(interfaceId: string): Promise<string> {
    const { clock } = this.#world;
    const path = this.#path(interfaceId);
    if (await addNamespace(clock, this.#name(interfaceId)))
      await runCommand(inNamespace(path, ['ip', 'link', 'set', 'dev', 'lo', 'up']), { clock });
    return path;
  }

  /** Takes the namespace's name away. It ends, with its interface, when no process is in it. */
  async remove(interfaceId: string): Promise<void> {
    await deleteNamespace(this.#world.clock, this.#name(interfaceId));
  }

  /** The interfaces that have one. */
  list(): string[] {
    return ownNamespaces(this.#identity).filter((name) => name.startsWith('eni-'));
  }

  readonly placement = ({ interfaceId }: PlannedLink): InterfacePlace | undefined => {
    const path = this.#path(interfaceId);
    return existsSync(path) ? { target: this.#name(interfaceId), path } : undefined;
  };

  #name(interfaceId: string): string {
    return `${ownPrefix(this.#identity)}${interfaceId}`;
  }

  #path(interfaceId: string): string {
    return `${namespaceFolder}/${this.#name(interfaceId)}`;
  }
}
