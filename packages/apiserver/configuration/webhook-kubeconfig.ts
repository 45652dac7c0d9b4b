import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '@keelson/base';
import { parseYaml } from '@keelson/model/codec/yaml.ts';
import type { WebhookTarget } from '../webhook/contract.ts';
import { ConfigurationError } from './shape.ts';

type Json = Record<string, any>;

/** Data that is in the file itself as base64, or in a file that it names. */
function dataOf(source: Json, name: string, directory: string): string | undefined {
  const data: unknown = source[`${name}-data`];
  if (typeof data === 'string' && data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const path: unknown = source[name];
  return typeof path === 'string' && path !== '' ? readFileSync(resolve(directory, path), 'utf8') : undefined;
}

/**
 * Whom a kubeconfig names, and how this server proves itself there: the form in which kube-apiserver is told of webhooks
 * for authentication and authorisation (https://kubernetes.io/docs/reference/access-authn-authz/webhook/).
 * @throws ConfigurationError
 */
export function webhookOfKubeconfig(path: string): WebhookTarget {
  try {
    const value = parseYaml(readFileSync(path, 'utf8')).value as Json;
    const directory = dirname(path);
    const named = (list: Json[] | undefined, name: string) => list?.find((one) => one['name'] === name);
    const context = named(value['contexts'], value['current-context'])?.['context'] ?? {};
    const cluster: Json = (named(value['clusters'], context.cluster) ?? value['clusters']?.[0])?.['cluster'] ?? {};
    const user: Json = named(value['users'], context.user)?.['user'] ?? {};
    const url: string = cluster['server'] ?? '';
    if (!URL.canParse(url)) throw new Error('the cluster has no server');
    const authorities = dataOf(cluster, 'certificate-authority', directory);
    const certificate = dataOf(user, 'client-certificate', directory);
    const key = dataOf(user, 'client-key', directory);
    return {
      at: { url },
      ...(authorities ? { authorities } : {}),
      ...(certificate && key ? { client: { certificate, key } } : {}),
      ...(typeof user['token'] === 'string' ? { bearerToken: user['token'] } : {}),
      ...(typeof cluster['tls-server-name'] === 'string' ? { serverName: cluster['tls-server-name'] } : {}),
      ...(cluster['insecure-skip-tls-verify'] === true ? { insecure: true } : {}),
    };
  } catch (error) {
    throw new ConfigurationError(`the kubeconfig ${path} cannot be used: ${messageOf(error)}`);
  }
}
