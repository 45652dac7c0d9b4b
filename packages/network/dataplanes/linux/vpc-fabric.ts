import { messageOf, type World } from '@keelson/base';
import { filterChanges } from '../../vpc-filter-changes.ts';
import { linkName, type PlannedLink, type VpcPlan } from '../../vpc-plan.ts';
import { type FabricState, fabricChanges, parseFabricState } from './fabric-state.ts';
import { clearPeer, configurePeer, createPair, type InterfacePlace } from './link-commands.ts';
import {
  addNamespace,
  deleteNamespace,
  inNamespace,
  namespaceFolder,
  ownNamespaces,
  vpcNamespace,
} from './namespaces.ts';
import { runCommand } from './run-command.ts';

export interface VpcFabricOptions {
  readonly world: World;
  /** Eight hexadecimal digits: whose namespaces these are. */
  readonly identity: string;
}

/** Where the other end of an interface is to be, by interface id; undefined for one that nobody runs at present. */
export type Placement = (link: PlannedLink) => InterfacePlace | undefined;

/**
 * A namespace that routes for each VPC. `apply` brings it to a plan from whatever is there, so it can be called at any
 * time, also after a crash in the middle of an earlier call. An interface is there while its place is, for it ends with
 * the namespace of its instance. Calls for one VPC must not overlap; nothing of the host's own network is touched.
 */
export class VpcFabric {
  readonly #options: VpcFabricOptions;
  /** The rulesets that this process has put in, by VPC. */
  readonly #filters = new Map<string, string>();
  readonly #ready = new Set<string>();

  constructor(options: VpcFabricOptions) {
    this.#options = options;
  }

  /** The ids of the VPCs that have a namespace. */
  list(): string[] {
    return ownNamespaces(this.#options.identity).filter((name) => name.startsWith('vpc-'));
  }

  /** The path of the VPC's namespace, for `nsenter --net=`. */
  pathOf(vpcId: string): string {
    return `${namespaceFolder}/${vpcNamespace(this.#options.identity, vpcId)}`;
  }

  /** @throws CommandError */
  async apply(plan: VpcPlan, placement: Placement): Promise<void> {
    await this.#ensureNamespace(plan.vpcId);
    const [state] = await Promise.all([this.#read(plan.vpcId), this.#filter(plan)]);
    const placed = plan.links.flatMap((link) => {
      const place = placement(link);
      return place === undefined ? [] : [{ link, place }];
    });
    const missing = placed.filter(({ link }) => !state.links.get(link.name)?.up);
    const wanted = new Set(placed.map(({ link }) => link.name));
    const failures: unknown[] = [];
    const attempt = (work: Promise<unknown>) => work.then(() => true).catch((error: unknown) => !failures.push(error));
    await attempt(
      this.#batch(plan.vpcId, [
        // One that is down was left half made.
        ...[...state.links]
          .filter(([name, { up }]) => !up || !wanted.has(name))
          .map(([name]) => `link delete dev ${name}`),
        ...missing.flatMap(({ link, place }) => createPair(link, place)),
      ]),
    );
    const complete = await Promise.all(missing.map((one) => attempt(this.#configurePeer(one.link, one.place))));
    const made = missing.filter((_one, index) => complete[index]).map(({ link }) => link);
    const failed = new Set(missing.filter((_one, index) => !complete[index]).map(({ link }) => link.name));
    const present = new Set([...wanted].filter((name) => !failed.has(name)));
    await attempt(
      this.#batch(plan.vpcId, [
        ...made.map(({ name }) => `link set dev ${name} up`),
        ...fabricChanges(plan, withoutRoutesOf(state, missing), present),
      ]),
    );
    if (failures.length > 0) throw failures[0];
  }

  async #configurePeer(link: PlannedLink, { path }: InterfacePlace): Promise<void> {
    const { clock } = this.#options.world;
    const batch = (lines: readonly string[], ...flags: string[]) =>
      runCommand(inNamespace(path, ['ip', ...flags, '-batch', '-']), { clock, input: `${lines.join('\n')}\n` });
    const leftovers = clearPeer(link);
    if (leftovers.length > 0) await batch(leftovers, '-force').catch(() => {});
    await batch(configurePeer(link));
  }

  /** Removes the VPC's namespace with everything in it. */
  async remove(vpcId: string): Promise<void> {
    const { world, identity } = this.#options;
    this.#filters.delete(vpcId);
    this.#ready.delete(vpcId);
    // The name may go while a process still keeps the namespace: its interfaces must go all the same.
    const state = await this.#read(vpcId).catch(() => undefined);
    if (state === undefined) return;
    await this.#batch(
      vpcId,
      [...state.links.keys()].map((name) => `link delete dev ${name}`),
    );
    await deleteNamespace(world.clock, vpcNamespace(identity, vpcId));
  }

  async #ensureNamespace(vpcId: string): Promise<void> {
    if (this.#ready.has(vpcId)) return;
    const { world, identity } = this.#options;
    await addNamespace(world.clock, vpcNamespace(identity, vpcId));
    // A kernel without IPv6 has none of its settings.
    const set = ([name, value]: readonly [string, string]) =>
      `if [ -e /proc/sys/net/${name} ]; then echo ${value} > /proc/sys/net/${name}; fi`;
    const script = [...routerSettings.map(set), 'ip link set dev lo up'].join('\n');
    await runCommand(inNamespace(this.pathOf(vpcId), ['sh', '-ec', script]), { clock: world.clock });
    this.#ready.add(vpcId);
  }

  async #read(vpcId: string): Promise<FabricState> {
    const { world, identity } = this.#options;
    const ask = (...words: string[]) =>
      runCommand(['ip', '-netns', vpcNamespace(identity, vpcId), '-json', ...words], { clock: world.clock });
    const [addresses, routes, rules] = await Promise.all([
      ask('address', 'show'),
      ask('-4', 'route', 'show', 'table', 'all'),
      ask('-4', 'rule', 'show'),
    ]);
    return parseFabricState(addresses, routes, rules);
  }

  /**
   * Nobody else changes the ruleset, so the difference to what this process put in last is enough; what it does not
   * know, or cannot change, it replaces as a whole.
   */
  async #filter({ vpcId, filter }: VpcPlan): Promise<void> {
    const known = this.#filters.get(vpcId);
    if (known === filter) return;
    this.#filters.delete(vpcId);
    const load = (input: string) =>
      runCommand(inNamespace(this.pathOf(vpcId), ['nft', '-f', '-']), { clock: this.#options.world.clock, input });
    const changed =
      known !== undefined &&
      (await load(filterChanges(known, filter)).then(
        () => true,
        (error: unknown) => {
          this.#options.world.log.warn('a ruleset is replaced as a whole', { vpc: vpcId, error: messageOf(error) });
          return false;
        },
      ));
    if (!changed) await load(filter);
    this.#filters.set(vpcId, filter);
  }

  /** One line that fails (its instance has just ended) does not keep the others from being done. */
  async #batch(vpcId: string, lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    const { world, identity } = this.#options;
    await runCommand(['ip', '-netns', vpcNamespace(identity, vpcId), '-force', '-batch', '-'], {
      clock: world.clock,
      input: `${lines.join('\n')}\n`,
    });
  }
}

/** A deleted or new interface has no routes, whatever was read before. */
function withoutRoutesOf(state: FabricState, missing: readonly { readonly link: PlannedLink }[]): FabricState {
  const names = new Set(missing.map(({ link }) => linkName(link.interfaceId)));
  const routes = [...state.routes].filter((text) => ![...names].some((name) => text.includes(` dev ${name}`)));
  return { ...state, routes: new Set(routes) };
}

/** Set before there is any interface: each takes over what `default` says. */
const routerSettings: readonly (readonly [name: string, value: string])[] = [
  ['ipv4/ip_forward', '1'],
  ['ipv4/conf/all/rp_filter', '0'],
  ['ipv4/conf/default/rp_filter', '0'],
  ['ipv4/conf/all/send_redirects', '0'],
  ['ipv4/conf/default/send_redirects', '0'],
  ['ipv4/conf/all/accept_redirects', '0'],
  ['ipv4/conf/default/accept_redirects', '0'],
  // Whoever takes a neighbour to be on the same wire is answered by the router.
  ['ipv4/conf/default/proxy_arp', '1'],
  ['ipv6/conf/all/disable_ipv6', '1'],
  ['ipv6/conf/default/disable_ipv6', '1'],
];
