import { isRegistryHost } from './names/image-name.ts';

/**
 * One host's file. The registry is named as the `server` and nothing else is, so that containerd never turns to the
 * host itself, which would cost a delay where there is no network.
 */
function hostFile(registryUrl: string): string {
  // containerd 1.6 wants the host table even when it is empty.
  return `server = ${JSON.stringify(new URL(registryUrl).origin)}\n\n[host]\n`;
}

/**
 * containerd's registry host configuration (its docs/hosts.md) that sends the pulls of `hosts` to the registry at
 * `registryUrl`, which is told the image's own registry by the `ns` parameter. Returns the files by their path under
 * the CRI plugin's `config_path`: `docker.io/hosts.toml`. Hosts that are not named go there too, by `_default`.
 * @throws Error for a host that cannot be one, TypeError for a URL that is none
 */
export function hostsToml(registryUrl: string, hosts: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const host of [...hosts, '_default']) {
    if (host !== '_default' && !isRegistryHost(host)) throw new Error(`${host} is not a registry host`);
    files.set(`${host}/hosts.toml`, hostFile(registryUrl));
  }
  return files;
}
