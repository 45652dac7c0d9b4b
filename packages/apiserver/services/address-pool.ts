import { type Random, randomInteger } from '@keelson/base';
import { AddressBlock } from './address-block.ts';

/** How many addresses of a block are looked at for a free one: among so many, drawn by chance, there is one in practice. */
const tries = 65_536;

/**
 * Addresses of Services, out of the blocks that there are: the server's own and those of ServiceCIDRs. What stored
 * objects hold is told by whoever watches them, so that nothing is lost or leaked by a crash.
 */
export class AddressPool {
  readonly #own: AddressBlock;
  readonly #random: Random;
  readonly #stored = new Map<string, Set<string>>();
  readonly #pending = new Map<string, string>();
  /** By the name of its ServiceCIDR. */
  readonly #others = new Map<string, readonly AddressBlock[]>();

  constructor(own: AddressBlock, random: Random) {
    this.#own = own;
    this.#random = random;
  }

  /** The blocks of a ServiceCIDR, as far as they are of IPv4; none when it gives out no addresses. */
  setBlocks(name: string, texts: readonly string[]): void {
    const blocks = texts.flatMap((text) => {
      if (text === this.#own.text) return [];
      try {
        return [new AddressBlock(text)];
      } catch (error) {
        if (error instanceof RangeError) return [];
        throw error;
      }
    });
    if (blocks.length === 0) this.#others.delete(name);
    else this.#others.set(name, blocks);
  }

  get #blocks(): AddressBlock[] {
    return [this.#own, ...[...this.#others.values()].flat()];
  }

  has(address: string): boolean {
    return this.#blocks.some((block) => block.positionOf(address) !== undefined);
  }

  /** Someone other than `owner` has it. */
  takenBy(address: string, owner: string): boolean {
    const pending = this.#pending.get(address);
    if (pending !== undefined && pending !== owner) return true;
    const owners = this.#stored.get(address);
    return owners !== undefined && (owners.size > 1 || !owners.has(owner));
  }

  /** A free address, taken for `owner`; undefined when there is none. The first of the own block is the API server's. */
  takeAny(owner: string): string | undefined {
    for (const block of this.#blocks) {
      const first = block === this.#own ? 2 : 1;
      const count = block.size - 1 - first;
      const start = randomInteger(this.#random, count);
      for (let step = 0; step < Math.min(count, tries); step++) {
        const address = block.at(first + ((start + step) % count));
        if (this.#stored.has(address) || this.#pending.has(address)) continue;
        this.take(address, owner);
        return address;
      }
    }
    return undefined;
  }

  take(address: string, owner: string): void {
    this.#pending.set(address, owner);
  }

  /** The write that took it is over: it is stored by now, or free again. */
  settle(address: string): void {
    this.#pending.delete(address);
  }

  store(address: string, owner: string): void {
    const owners = this.#stored.get(address);
    if (owners === undefined) this.#stored.set(address, new Set([owner]));
    else owners.add(owner);
  }

  forget(address: string, owner: string): void {
    const owners = this.#stored.get(address);
    owners?.delete(owner);
    if (owners?.size === 0) this.#stored.delete(address);
  }
}
