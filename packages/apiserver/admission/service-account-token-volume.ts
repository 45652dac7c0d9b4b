import { nameSuffix, type Random } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import { projectedTokenSeconds } from '../authentication/token-request.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** 0644. */
const fileMode = 420;

/** Mounts the projected token, the cluster's root certificate and the namespace into every container that mounts nothing there. */
export function mountTokenVolume(pod: ApiObject, random: Random): void {
  const spec = pod['spec'];
  const volumes: Record<string, any>[] = spec.volumes ?? [];
  const present = volumes.find((volume) => String(volume['name']).startsWith(volumePrefix));
  const name: string = present?.['name'] ?? `${volumePrefix}${nameSuffix(random)}`;
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const mounts: { mountPath?: string }[] = container.volumeMounts ?? [];
    if (mounts.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }];
    needed = true;
  }
  if (needed && present === undefined) spec.volumes = [...volumes, tokenVolume(name)];
}

function tokenVolume(name: string): Record<string, unknown> {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: projectedTokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: fileMode,
    },
  };
}
