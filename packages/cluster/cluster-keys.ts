import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { World } from '@keelson/base';
import { createAuthority, issueCertificate, type KeyPair } from './pki/certificate.ts';

/** Everything secret of one cluster. Kept sealed; made once. */
export interface ClusterKeys {
  /** The cluster's certificate authority: `certificateAuthority` of DescribeCluster. */
  readonly authority: KeyPair;
  /** Signs what the API server shows to extension servers. Absent in clusters made before there was one. */
  readonly frontProxyAuthority?: KeyPair;
  /** 32 bytes as base64 that Secrets are encrypted under. Absent in clusters made before there was one. */
  readonly secretsKey?: string;
  /** PEM of the RSA key that signs service account tokens. */
  readonly serviceAccountKey: string;
  /** What the cluster's control plane shows the region to be let in. */
  readonly regionToken: string;
}

export const authorityName = 'kubernetes';
const frontProxyName = 'front-proxy-ca';
const year = 365 * 86_400_000;
const authorityLifetime = 10 * year;

/**
 * Keys for a new cluster. They come from the machine's generator, also where chance is seeded. `serviceAccountKey` is one
 * that was made ahead, as PEM.
 */
export function createClusterKeys(world: World, serviceAccountKey = createServiceAccountKey()): ClusterKeys {
  return {
    authority: createAuthority(world, authorityName, authorityLifetime),
    frontProxyAuthority: createAuthority(world, frontProxyName, authorityLifetime),
    secretsKey: randomBytes(32).toString('base64'),
    serviceAccountKey,
    regionToken: randomBytes(32).toString('base64url'),
  };
}

function createServiceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The API server's own certificate, for every name that clients inside and outside know it by. */
export function serverCertificate(
  world: World,
  keys: ClusterKeys,
  addresses: readonly string[],
  names: readonly string[],
): KeyPair {
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return issueCertificate(world, authorityName, keys.authority, {
    commonName: 'kube-apiserver',
    dnsNames: [...service, 'localhost', ...names],
    ipAddresses: ['127.0.0.1', '::1', ...addresses],
    usage: 'server',
    lifetime: year,
  });
}

/** What the API server shows to kubelets. */
export function kubeletClientCertificate(world: World, keys: ClusterKeys): KeyPair {
  return issueCertificate(world, authorityName, keys.authority, {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['kubeadm:cluster-admins'],
    usage: 'client',
    lifetime: year,
  });
}

/** What the API server shows to extension servers, and the authority that they find published for it. */
export function frontProxy(
  world: World,
  keys: ClusterKeys,
): { readonly certificate: KeyPair; readonly authority: string } {
  const authority = keys.frontProxyAuthority ?? createAuthority(world, frontProxyName, authorityLifetime);
  const certificate = issueCertificate(world, frontProxyName, authority, {
    commonName: 'front-proxy-client',
    usage: 'client',
    lifetime: year,
  });
  return { certificate, authority: authority.certificate };
}

/** How the AWS side enters the cluster: as an administrator of its own name, for a day at a time. */
export function eksAdministratorCertificate(world: World, keys: ClusterKeys): KeyPair {
  return issueCertificate(world, authorityName, keys.authority, {
    commonName: 'eks:cluster-manager',
    organizations: ['system:masters'],
    usage: 'client',
    lifetime: 86_400_000,
  });
}
