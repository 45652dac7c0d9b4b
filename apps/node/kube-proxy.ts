import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { findProgram } from '@keelson/network/dataplanes/linux/linux-network-problem.ts';
import { runCommand } from '@keelson/network/dataplanes/linux/run-command.ts';
import { KubeProxy } from '@keelson/network/services/kube-proxy.ts';
import { readKubeProxyConfiguration } from '@keelson/network/services/kube-proxy-configuration.ts';
import { serveKubeProxy } from '@keelson/network/services/kube-proxy-server.ts';
import { parse } from 'yaml';
import { readFlags, startAddOn } from './add-on-process.ts';
import { clientOfKubeconfig, clientOfPod } from './cluster-connection.ts';

/** kube-proxy: `--config=FILE [--hostname-override=NAME]`. Its rules stay when it ends. */
export async function runKubeProxy(words: readonly string[]): Promise<void> {
  const flags = readFlags(words, ['config', 'hostname-override', 'v']);
  const file = flags.get('config');
  if (file === undefined) throw new Error('--config must be given');
  const configuration = readKubeProxyConfiguration(parse(readFileSync(file, 'utf8')));
  const program = findProgram('nft');
  if (program === undefined) throw new Error('there is no nft (nftables) in this image');
  const { world, signal } = startAddOn('kube-proxy');
  const { clock } = world;
  const connection = { clock, userAgent: 'kube-proxy', signal };
  const conntrack = findProgram('conntrack');
  if (conntrack === undefined)
    world.log.info('without conntrack, UDP flows of removed endpoints are kept until they time out');
  const proxy = new KubeProxy({
    world,
    client: configuration.kubeconfig
      ? clientOfKubeconfig(configuration.kubeconfig, connection)
      : clientOfPod(connection),
    nodeName:
      flags.get('hostname-override') || configuration.hostnameOverride || process.env['NODE_NAME'] || hostname(),
    configuration,
    nft: (command, input) => runCommand([program, ...command], { clock, input: input ?? '', timeout: 30_000 }),
    conntrack: conntrack === undefined ? undefined : (command) => runCommand([conntrack, ...command], { clock }),
  });
  const servers = await serveKubeProxy(proxy, configuration, clock);
  await proxy.run(signal);
  for (const server of servers) await server.close();
}
