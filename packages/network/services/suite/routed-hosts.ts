import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { SystemClock } from '@keelson/base';
import { addNamespace, deleteNamespace, inNamespace, namespaceFolder } from '../../dataplanes/linux/namespaces.ts';
import { runCommand } from '../../dataplanes/linux/run-command.ts';

const clock = new SystemClock();

/** A router (the node) and hosts around it, each a network namespace with one address; for tests of a node's rules. */
export class RoutedHosts {
  readonly #prefix = `kltest${randomBytes(3).toString('hex')}`;
  readonly #children = new Set<ChildProcess>();
  readonly #hosts: string[];

  private constructor(hosts: readonly string[]) {
    this.#hosts = [...hosts];
  }

  /** `hosts` are the hosts' addresses; the router forwards between them, and has 10.0.0.1. */
  static async create(hosts: readonly string[]): Promise<RoutedHosts> {
    const made = new RoutedHosts(hosts);
    await addNamespace(clock, made.#name('node'));
    await made.run('node', 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await made.run('node', 'ip', 'link', 'set', 'lo', 'up');
    await made.run('node', 'ip', 'address', 'add', '10.0.0.1/32', 'dev', 'lo');
    for (const [index, address] of hosts.entries()) await made.#addHost(`veth${index}`, address);
    // A node has a default route, and the kernel looks for a route to a Service before its address is rewritten.
    await made.run('node', 'ip', 'link', 'add', 'outside', 'type', 'veth', 'peer', 'name', 'nowhere');
    for (const link of ['outside', 'nowhere']) await made.run('node', 'ip', 'link', 'set', link, 'up');
    await made.run('node', 'ip', 'route', 'add', 'default', 'dev', 'outside', 'src', '10.0.0.1');
    return made;
  }

  async #addHost(link: string, address: string): Promise<void> {
    await addNamespace(clock, this.#name(address));
    const peer = ['peer', 'name', 'eth0', 'netns', this.#name(address)];
    await this.run('node', 'ip', 'link', 'add', link, 'type', 'veth', ...peer);
    await this.run(address, 'ip', 'link', 'set', 'lo', 'up');
    await this.run(address, 'ip', 'address', 'add', `${address}/32`, 'dev', 'eth0');
    await this.run(address, 'ip', 'link', 'set', 'eth0', 'up');
    await this.run(address, 'ip', 'route', 'add', '10.0.0.1', 'dev', 'eth0');
    await this.run(address, 'ip', 'route', 'add', 'default', 'via', '10.0.0.1', 'onlink', 'dev', 'eth0');
    await this.run('node', 'ip', 'link', 'set', link, 'up');
    await this.run('node', 'ip', 'route', 'add', address, 'dev', link);
  }

  /** A namespace with nothing in it, under the name of an address. */
  async add(host: string): Promise<void> {
    await addNamespace(clock, this.#name(host));
    this.#hosts.push(host);
  }

  #name(host: string): string {
    return `${this.#prefix}-${host}`;
  }

  path(host: string): string {
    return `${namespaceFolder}/${this.#name(host)}`;
  }

  /** Runs a program at a host, or at `node`. */
  run(host: string, ...command: string[]): Promise<string> {
    return runCommand(inNamespace(this.path(host), command), { clock });
  }

  runWithInput(host: string, command: readonly string[], input: string): Promise<string> {
    return runCommand(inNamespace(this.path(host), command), { clock, input });
  }

  /** Starts a script of Node at a host and resolves when it has written its first line. */
  async start(host: string, script: string): Promise<void> {
    const [program = '', ...words] = inNamespace(this.path(host), [process.execPath, '-e', script]);
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.add(child);
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the script at ${host} ended with ${code}`)));
      child.stdout.once('data', () => resolve());
    });
  }

  async remove(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const host of ['node', ...this.#hosts]) await deleteNamespace(clock, this.#name(host));
  }
}
