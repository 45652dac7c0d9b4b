/**
 * What a region's user waits for, and what it takes of the machine: a region in real processes on simulated compute, asked
 * through its front door and its clusters' own ports. `node bench/region.ts [ROUNDS]` prints a table.
 */
import { type Creation, type Figure, figure, type MeasuredRegion, measureRegion } from './measured-region.ts';

/** Makes and deletes `rounds` clusters with three nodes each, then looks at one that is empty, and at one with nodes. */
async function measure(region: MeasuredRegion, rounds: number): Promise<Figure[]> {
  const clusters: Creation[] = [];
  const nodes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const name = `bench-${round}`;
    clusters.push(await region.createCluster(name));
    nodes.push(await region.createNodes(name, 3));
    await region.deleteCluster(name);
  }
  await region.createCluster('empty');
  const empty = await region.idle('empty');
  await region.createNodes('empty', 3);
  const busy = await region.idle('empty');
  return [
    ...figure(
      'create-cluster to ACTIVE',
      clusters.map(({ active }) => active),
    ),
    ...figure(
      'create-cluster to namespaces listed',
      clusters.map(({ listed }) => listed),
    ),
    ...figure(
      'create-cluster to kubectl get namespaces',
      clusters.map(({ kubectl }) => kubectl),
    ),
    ...figure(
      'its CPU time: region process',
      clusters.map((one) => one.region),
    ),
    ...figure(
      'its CPU time: control-plane process',
      clusters.map(({ controlPlane }) => controlPlane),
    ),
    ...figure('create-nodegroup to 3 nodes Ready, simulated', nodes),
    ...empty.map((one) => ({ ...one, work: `${one.work}, one cluster without nodes` })),
    ...busy.map((one) => ({ ...one, work: `${one.work}, 3 simulated nodes` })),
  ];
}

const rounds = Number(process.argv[2] ?? 5);
console.table(await measureRegion('simulated', (region) => measure(region, rounds)));
