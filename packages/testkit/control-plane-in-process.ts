import { createLog, type LogEntry, virtualWorld } from '@keelson/base';
import { createClusterKeys } from '@keelson/cluster/cluster-keys.ts';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '@keelson/cluster/control-plane.ts';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';

/** A whole control plane with its real gates and roles on virtual time, and everything that it logged. */
export async function controlPlaneInProcess(seed: string, options: Partial<ControlPlaneOptions> = {}) {
  const log: LogEntry[] = [];
  const base = virtualWorld(seed);
  const world = { ...base, log: createLog(base.clock, (entry) => log.push(entry), 'debug') };
  const plane: ControlPlane = createControlPlane({
    world,
    store: new MemoryStore(world),
    clusterName: 'demo',
    region: 'ap-northeast-2',
    minor: 33,
    keys: createClusterKeys(world),
    serviceCidr: '10.100.0.0/16',
    issuer: 'https://oidc.example/id/0',
    endpoint: 'https://0.example',
    ...options,
  });
  const starting = plane.start();
  let started = false;
  void starting.then(() => {
    started = true;
  });
  await base.clock.until(() => started, 10_000);
  await starting;
  return { plane, clock: base.clock, log };
}
