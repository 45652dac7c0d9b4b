import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** One address that a pod's interface has. */
export interface Allocation {
  readonly containerId: string;
  readonly interfaceName: string;
  readonly address: string;
  /** Of the instance's interface that the address belongs to. */
  readonly deviceIndex: number;
  /** The name of the pair's end in the instance. */
  readonly hostLink: string;
  readonly podNamespace: string;
  readonly podName: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface Checkpoint {
  readonly version: string;
  readonly allocations: readonly Allocation[];
}

const version = 'keelson-ipam/1';

/**
 * Which pod has which address, on disk before anybody is told: a daemon that starts again never gives an address to a
 * second pod. The file lies where a reboot of the instance clears it, as the pods' networks are then gone too.
 */
export class AddressLedger {
  readonly #file: string;
  readonly #allocations = new Map<string, Allocation>();

  /** Reads what an earlier daemon left. @throws Error when that is there and cannot be read */
  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const checkpoint: Checkpoint = JSON.parse(text);
    if (checkpoint.version !== version) throw new Error(`${file} has an unknown version ${checkpoint.version}`);
    for (const one of checkpoint.allocations) this.#allocations.set(keyOf(one.containerId, one.interfaceName), one);
  }

  get all(): Allocation[] {
    return [...this.#allocations.values()];
  }

  find(containerId: string, interfaceName: string): Allocation | undefined {
    return this.#allocations.get(keyOf(containerId, interfaceName));
  }

  /** @throws Error when it cannot be written; then nothing was changed */
  add(allocation: Allocation): void {
    const key = keyOf(allocation.containerId, allocation.interfaceName);
    this.#allocations.set(key, allocation);
    try {
      this.#write();
    } catch (error) {
      this.#allocations.delete(key);
      throw error;
    }
  }

  /** @throws Error when it cannot be written; then nothing was changed */
  remove(allocation: Allocation): void {
    const key = keyOf(allocation.containerId, allocation.interfaceName);
    this.#allocations.delete(key);
    try {
      this.#write();
    } catch (error) {
      this.#allocations.set(key, allocation);
      throw error;
    }
  }

  #write(): void {
    const checkpoint: Checkpoint = { version, allocations: this.all };
    const file = openSync(`${this.#file}.new`, 'w', 0o600);
    try {
      writeSync(file, JSON.stringify(checkpoint));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function keyOf(containerId: string, interfaceName: string): string {
  return `${containerId}/${interfaceName}`;
}
