import { systemWorld } from '@keelson/base';
import type { ControlPlaneProcessInput } from '../region/control-plane-processes.ts';
import { processLog } from './log-file.ts';
import { openStore } from './store-place.ts';

async function readInput(): Promise<ControlPlaneProcessInput> {
  const pieces: Uint8Array[] = [];
  for await (const piece of process.stdin) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString('utf8'));
}

/** One cluster's control plane, until it is told to end. `ready` is called once it answers. */
export async function runControlPlane(ready: () => void): Promise<number> {
  const input = await readInput();
  const world = systemWorld(processLog().with({ cluster: input.clusterName }));
  // The store's thread starts while this one reads the program.
  const [store, { serveControlPlane }] = await Promise.all([
    openStore(input.store, world),
    import('./serve-control-plane.ts'),
  ]);
  await serveControlPlane(input, world, store, ready);
  return 0;
}
