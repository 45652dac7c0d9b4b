import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '@keelson/base';
import { type Client, createClient, tlsTransport } from '@keelson/client';
import { parse } from 'yaml';

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Service account tokens are renewed in their file; it is read again this often, in milliseconds. */
const tokenAge = 60_000;

interface ConnectionOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

interface Server {
  readonly url: string;
  readonly ca: string;
  readonly tokenFile: string;
}

/** A client with the pod's service account, at the address that the kubelet gives to every container. @throws Error outside a pod */
export function clientOfPod(options: ConnectionOptions): Client {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  if (!host || !port)
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  const ca = readFileSync(`${accountFolder}/ca.crt`, 'utf8');
  return connect({ url: `https://${host}:${port}`, ca, tokenFile: `${accountFolder}/token` }, options);
}

/** A client as a kubeconfig's current context says. It must authenticate by token file, as kube-proxy's does. @throws Error */
export function clientOfKubeconfig(path: string, options: ConnectionOptions): Client {
  const config = parse(readFileSync(path, 'utf8')) ?? {};
  const named = (list: string, name: unknown) =>
    (config[list] ?? []).find((entry: { name?: unknown }) => entry.name === name);
  const context = named('contexts', config['current-context'])?.context;
  const cluster = named('clusters', context?.cluster)?.cluster;
  const user = named('users', context?.user)?.user;
  if (typeof cluster?.server !== 'string') throw new Error(`${path}: the current context names no server`);
  if (typeof user?.tokenFile !== 'string') throw new Error(`${path}: the current context's user has no tokenFile`);
  const inline = cluster['certificate-authority-data'];
  const file = cluster['certificate-authority'];
  if (typeof inline !== 'string' && typeof file !== 'string')
    throw new Error(`${path}: the current context's cluster has no certificate authority`);
  const ca =
    typeof inline === 'string'
      ? Buffer.from(inline, 'base64').toString('utf8')
      : readFileSync(resolve(dirname(path), file), 'utf8');
  return connect({ url: cluster.server, ca, tokenFile: resolve(dirname(path), user.tokenFile) }, options);
}

function connect({ url, ca, tokenFile }: Server, { clock, userAgent, signal }: ConnectionOptions): Client {
  let read = { token: '', at: Number.NEGATIVE_INFINITY };
  const token = async () => {
    const now = clock.monotonic();
    if (now - read.at > tokenAge) read = { token: (await readFile(tokenFile, 'utf8')).trim(), at: now };
    return read.token;
  };
  const { send, close } = tlsTransport({ url, ca, token, clock });
  signal.addEventListener('abort', close, { once: true });
  return createClient({ send, clock, userAgent, signal });
}
