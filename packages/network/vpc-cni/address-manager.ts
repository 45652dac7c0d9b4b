import { createHash } from 'node:crypto';
import { messageOf, sleep, type World } from '@keelson/base';
import type { AddressLedger, Allocation } from './address-ledger.ts';
import type { AttachedInterface, InstanceNetwork, InstancePlace } from './instance-network.ts';
import { nextPoolStep, type WarmTargets } from './warm-pool.ts';

export interface AddressManagerOptions {
  readonly world: World;
  readonly network: InstanceNetwork;
  readonly ledger: AddressLedger;
  readonly targets: WarmTargets;
  /** Milliseconds for which an address that a pod gave back is not given again. Default 30 s, as aws-node. */
  readonly cooldown?: number;
}

/** What of a CNI call an address is for. */
export interface AddressRequest {
  readonly containerId: string;
  readonly interfaceName: string;
  readonly podNamespace: string;
  readonly podName: string;
}

/** Milliseconds between two looks at EC2 when nothing happens, and after a failure. */
const period = 60_000;
const retryPeriod = 2_000;
/** An interface that was attached just now may still be on its way to the instance. */
const linkPeriod = 100;

/** Keeps addresses ready on the instance's interfaces, and says which pod has which. */
export class AddressManager {
  readonly #options: AddressManagerOptions;
  readonly #released = new Map<string, number>();
  #interfaces: readonly AttachedInterface[] = [];
  #place: InstancePlace | undefined;
  #wake: () => void = () => {};
  #waiting: (() => void)[] = [];
  #changed = true;

  constructor(options: AddressManagerOptions) {
    this.#options = options;
  }

  /** Addresses that a pod could have now. */
  get free(): number {
    return this.#freeAddresses().length;
  }

  get interfaces(): readonly AttachedInterface[] {
    return this.#interfaces;
  }

  /** What is known of the instance once `refresh` has succeeded. @throws Error before */
  get place(): InstancePlace {
    if (this.#place === undefined) throw new Error('the instance is not known yet');
    return this.#place;
  }

  /** Runs until `signal` aborts, bringing the pool to its targets. It survives every refusal of EC2. */
  async run(signal: AbortSignal): Promise<void> {
    const { world } = this.#options;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      this.#changed = false;
      let wait = 0;
      try {
        wait = await this.refresh();
      } catch (error) {
        world.log.warn('the pool of addresses could not be brought to its target', { error: messageOf(error) });
        // However many pods wait: EC2 is not asked more often for it.
        await sleep(world.clock, retryPeriod, signal);
      }
      this.#tellWaiting();
      if (wait > 0 && !this.#changed && !signal.aborted) await this.#wakeOr(wait);
    }
  }

  /** Reads the instance's interfaces and takes one step. Resolves to the milliseconds until the next look; 0 for at once. */
  async refresh(): Promise<number> {
    const { network, targets } = this.#options;
    this.#place ??= await network.place();
    const attached = await network.interfaces();
    const linked = await Promise.all(attached.map((one) => network.isLinked(one)));
    this.#interfaces = attached.filter((_, index) => linked[index]);
    const busy = this.#busy();
    const step = nextPoolStep({ place: this.#place, targets, interfaces: attached, busy });
    if (step === undefined) return linked.every(Boolean) ? this.#untilCooled() : linkPeriod;
    const one = 'interfaceId' in step ? attached.find(({ id }) => id === step.interfaceId)! : attached[0]!;
    // Nothing that EC2 is asked to take away may be given to a pod meanwhile.
    if (step.kind === 'detach') this.#interfaces = this.#interfaces.filter(({ id }) => id !== one.id);
    if (step.kind === 'unassign')
      this.#interfaces = this.#interfaces.map((known) => without(known, one.id, step.addresses));
    if (step.kind === 'assign') await network.assign(one.id, step.count);
    else if (step.kind === 'attach') await network.attach(one, step.deviceIndex, step.count);
    else if (step.kind === 'unassign') await network.unassign(one.id, step.addresses);
    else await network.detach(one);
    return 0;
  }

  /**
   * The address of a pod's interface: the same one for the same request. Waits up to `patience` milliseconds for the
   * pool to grow; undefined when it cannot.
   */
  async claim(request: AddressRequest, patience = 10_000): Promise<Allocation | undefined> {
    const { ledger, world } = this.#options;
    const end = world.clock.monotonic() + patience;
    let asked = false;
    for (;;) {
      const known = ledger.find(request.containerId, request.interfaceName);
      if (known !== undefined) return known;
      const [free] = this.#freeAddresses();
      if (free !== undefined) {
        const hostLink = hostLinkName(request);
        const allocation = { ...request, ...free, hostLink, since: world.clock.now() };
        ledger.add(allocation);
        this.#poke();
        return allocation;
      }
      const left = end - world.clock.monotonic();
      if (left <= 0) return undefined;
      if (!asked) this.#poke();
      asked = true;
      await Promise.race([sleep(world.clock, left), new Promise<void>((resolve) => this.#waiting.push(resolve))]);
    }
  }

  find(containerId: string, interfaceName: string): Allocation | undefined {
    return this.#options.ledger.find(containerId, interfaceName);
  }

  /** Gives the address back, for a later pod. */
  release(allocation: Allocation): void {
    this.#options.ledger.remove(allocation);
    this.#released.set(allocation.address, this.#options.world.clock.monotonic());
    this.#poke();
  }

  #freeAddresses(): { readonly address: string; readonly deviceIndex: number }[] {
    const busy = this.#busy();
    return this.#interfaces.flatMap(({ secondaryAddresses, deviceIndex }) =>
      secondaryAddresses.filter((address) => !busy.has(address)).map((address) => ({ address, deviceIndex })),
    );
  }

  #busy(): Set<string> {
    const { ledger, world, cooldown = 30_000 } = this.#options;
    const now = world.clock.monotonic();
    for (const [address, at] of this.#released) if (now - at >= cooldown) this.#released.delete(address);
    return new Set([...ledger.all.map(({ address }) => address), ...this.#released.keys()]);
  }

  #untilCooled(): number {
    const { world, cooldown = 30_000 } = this.#options;
    const [oldest] = this.#released.values();
    if (oldest === undefined) return period;
    return Math.min(period, Math.max(oldest + cooldown - world.clock.monotonic(), linkPeriod));
  }

  #poke(): void {
    this.#changed = true;
    this.#wake();
  }

  #tellWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
  }

  #wakeOr(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.world.clock.setTimer(delay, () => this.#wake());
      this.#wake = () => {
        timer.cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }
}

function without(one: AttachedInterface, id: string, addresses: readonly string[]): AttachedInterface {
  if (one.id !== id) return one;
  return { ...one, secondaryAddresses: one.secondaryAddresses.filter((address) => !addresses.includes(address)) };
}

/** `eni` and eleven digits, as aws-node names them, from what tells one pod's interface from all others. */
function hostLinkName({ containerId, interfaceName }: AddressRequest): string {
  return `eni${createHash('sha1').update(`${containerId}/${interfaceName}`).digest('hex').slice(0, 11)}`;
}
