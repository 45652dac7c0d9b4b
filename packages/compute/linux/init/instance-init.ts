import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf, sleep, type World } from '@keelson/base';
import type { InitConfiguration, InitReport } from './init-configuration.ts';
import { MetadataListener } from './metadata-listener.ts';
import { ServiceKeeper } from './service-keeper.ts';

const shutdownGrace = 5000;
const networkPoll = 10;
const longestNetworkWait = 30_000;
const maximumWatchers = 16;

/**
 * What runs in an instance: keeps its services going, answers instance metadata, and tells whoever connects to the
 * control socket how they fare. That connection also tells the outside when the instance is no more.
 */
export class InstanceInit {
  readonly #world: World;
  readonly #configuration: InitConfiguration;
  readonly #keepers: readonly ServiceKeeper[];
  readonly #watchers = new Set<Socket>();
  readonly #metadata: MetadataListener;

  constructor(world: World, configuration: InitConfiguration) {
    this.#world = world;
    this.#configuration = configuration;
    const { logFolder } = configuration;
    this.#keepers = configuration.services.map(
      (service) => new ServiceKeeper({ world, service, logFolder, changed: () => this.#tell() }),
    );
    this.#metadata = new MetadataListener(world, configuration);
  }

  /** Resolves when everything that needs no network was begun. */
  async start(): Promise<void> {
    const { services } = this.#configuration;
    this.#keepers.forEach((keeper, index) => {
      if (!services[index]!.needsNetwork) void keeper.run();
    });
    await Promise.all([this.#listen(), this.#metadata.start()]);
    void this.#whenConnected().then(() => {
      this.#keepers.forEach((keeper, index) => {
        if (services[index]!.needsNetwork) void keeper.run();
      });
    });
  }

  /** Ends the services, last begun first, then every other process of the instance. */
  async stop(): Promise<void> {
    for (const keeper of [...this.#keepers].reverse()) keeper.stop(shutdownGrace);
    try {
      // Everything but this process and the first: containers too end as they would when a machine is shut down.
      process.kill(-1, 'SIGTERM');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    const began = this.#world.clock.monotonic();
    while (otherProcesses() > 0 && this.#world.clock.monotonic() - began < shutdownGrace)
      await sleep(this.#world.clock, 20);
  }

  #listen(): Promise<Server> {
    const { controlSocket } = this.#configuration;
    rmSync(controlSocket, { force: true });
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#watchers.delete(socket));
      if (this.#watchers.size >= maximumWatchers) {
        socket.destroy();
        return;
      }
      socket.resume();
      this.#watchers.add(socket);
      socket.write(this.#report());
    });
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(controlSocket, () => resolve(server));
    });
  }

  #report(): string {
    const report: InitReport = { services: this.#keepers.map((keeper) => keeper.state) };
    return `${JSON.stringify(report)}\n`;
  }

  #tell(): void {
    for (const socket of this.#watchers) {
      // One that does not read is not worth keeping; it may come again.
      if (socket.writableLength > 64 * 1024) socket.destroy();
      else socket.write(this.#report());
    }
  }

  /** Waits for the default route. Without one for long the services begin all the same, and say what they miss. */
  async #whenConnected(): Promise<void> {
    const { clock, log } = this.#world;
    const began = clock.monotonic();
    while (!hasDefaultRoute(readFileSync('/proc/net/route', 'utf8'))) {
      if (clock.monotonic() - began > longestNetworkWait) {
        log.warn('the instance has no default route yet');
        return;
      }
      await sleep(clock, networkPoll);
    }
  }
}

/** Reads /proc/net/route: a route to 0.0.0.0/0. */
export function hasDefaultRoute(table: string): boolean {
  return table.split('\n').some((line) => {
    const fields = line.split('\t');
    return fields[1] === '00000000' && fields[7]?.trim() === '00000000';
  });
}

/**
 * How many processes there are besides the first, this one, the kernel's leftovers of ended ones, and containerd's
 * shims, which do not end by themselves.
 */
function otherProcesses(): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== '1' && name !== `${process.pid}`);
  return pids.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return !/^\d+ \(containerd-shim.*\) /.test(stat) && !/\) Z /.test(stat);
    } catch {
      return false;
    }
  }).length;
}

/** @throws Error when the file is missing or no configuration */
export function readInitConfiguration(path: string): InitConfiguration {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${messageOf(error)}`);
  }
}
