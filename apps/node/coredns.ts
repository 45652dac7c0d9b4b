import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { DnsServer } from '@keelson/network/dns/dns-server.ts';
import { readFlags, startAddOn } from './add-on-process.ts';
import { clientOfPod } from './cluster-connection.ts';

/** The cluster's DNS: `-conf FILE`. It ends after the Corefile's lameduck time. */
export async function runCoreDns(words: readonly string[]): Promise<void> {
  const file = readFlags(words, ['conf']).get('conf') ?? 'Corefile';
  const { world, signal } = startAddOn('coredns');
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const server = await DnsServer.start({
    world,
    file,
    readCorefile: () => readFileSync(file, 'utf8'),
    readResolvConf: (path) => readFileSync(path, 'utf8'),
    environment: process.env,
    client: () => clientOfPod({ clock: world.clock, userAgent: 'coredns', signal }),
    serverAddresses: ownAddresses,
    fatal: (error) => fail(error),
  });
  const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([ended, failed]);
  await server.stop();
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  );
}
