import { existsSync, readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { UsageError } from '../command-line.ts';
import { writePrivateFile } from '../data-directory.ts';

/** What a kubeconfig entry for a cluster needs. */
export interface KubeconfigCluster {
  readonly arn: string;
  readonly name: string;
  readonly endpoint: string;
  /** PEM in base64. */
  readonly certificateAuthority: string;
  /** The program that prints a token as an ExecCredential, and its arguments and environment. */
  readonly command: string;
  readonly args: readonly string[];
}

interface Named {
  name: string;
}

function upsert<T extends Named>(list: T[] | undefined, entry: T): T[] {
  return [...(list ?? []).filter((one) => one.name !== entry.name), entry];
}

/** Adds the cluster to the kubeconfig at `path`, as its current context; what else is in there stays. */
export function addToKubeconfig(path: string, cluster: KubeconfigCluster): void {
  let config: any = {};
  if (existsSync(path)) {
    try {
      config = parse(readFileSync(path, 'utf8')) ?? {};
    } catch (error) {
      throw new UsageError(`${path} is no kubeconfig: ${(error as Error).message}`);
    }
  }
  const { arn } = cluster;
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: cluster.command,
    args: [...cluster.args],
    interactiveMode: 'Never',
    provideClusterInfo: false,
  };
  writePrivateFile(
    path,
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      preferences: config.preferences ?? {},
      clusters: upsert(config.clusters, {
        name: arn,
        cluster: { server: cluster.endpoint, 'certificate-authority-data': cluster.certificateAuthority },
      }),
      users: upsert(config.users, { name: arn, user: { exec } }),
      contexts: upsert(config.contexts, { name: arn, context: { cluster: arn, user: arn } }),
      'current-context': arn,
    }),
  );
}

/** Takes a cluster out again. A file that is not there, or has no such cluster, is left alone. */
export function removeFromKubeconfig(path: string, arn: string): void {
  if (!existsSync(path)) return;
  const config: any = parse(readFileSync(path, 'utf8')) ?? {};
  const without = (list: Named[] | undefined) => (list ?? []).filter((one) => one.name !== arn);
  if (!(config.clusters ?? []).some((one: Named) => one.name === arn)) return;
  const contexts = without(config.contexts);
  writePrivateFile(
    path,
    stringify({
      ...config,
      clusters: without(config.clusters),
      users: without(config.users),
      contexts,
      'current-context': config['current-context'] === arn ? (contexts[0]?.name ?? '') : config['current-context'],
    }),
  );
}
