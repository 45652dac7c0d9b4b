/**
 * What a user of real containers waits for: nodes that join, and a pod from its creation to Ready. It needs root and what
 * `up --compute linux` needs. `node bench/linux.ts [ROUNDS]` prints a table.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { linuxObstacle } from '@keelson/app/linux-prerequisites.ts';
import { type Client, kubernetesResources } from '@keelson/client';
import {
  type Figure,
  figure,
  isReady,
  keelson,
  type MeasuredRegion,
  measureRegion,
  watched,
} from './measured-region.ts';

/** How many pods are made, one after the other, once their image is on every node. */
const podCount = 20;
const image = 'busybox';

/** Builds the image of the measured pods and puts it into the region's registry. */
async function loadImage(data: string): Promise<void> {
  const folder = join(data, 'images');
  const tool = join(import.meta.dirname, '../tools/images/main.ts');
  const flags = ['--disable-warning=ExperimentalWarning'];
  const { status, stderr } = spawnSync(process.execPath, [...flags, tool, folder, image], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  await keelson('image', 'load', '--data', data, join(folder, `${image}.tar`));
}

/** Makes a pod on a node, or wherever the scheduler puts it. Resolves to the milliseconds until it was Ready. */
async function createPod(client: Client, name: string, nodeName?: string): Promise<number> {
  const pods = client.resource(kubernetesResources.pods);
  const began = performance.now();
  await pods.create({
    metadata: { name, namespace: 'default' },
    spec: {
      ...(nodeName && { nodeName }),
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image, command: ['sleep', '100000'] }],
    },
  });
  const own = { namespace: 'default', fieldSelector: `metadata.name=${name}` };
  for await (const { object } of watched(pods, own)) if (isReady(object)) break;
  return performance.now() - began;
}

async function measure(region: MeasuredRegion, data: string, rounds: number): Promise<Figure[]> {
  await loadImage(data);
  const nodes: number[] = [];
  const firstPods: number[] = [];
  const laterPods: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const name = `bench-${round}`;
    await region.createCluster(name);
    nodes.push(await region.createNodes(name, 3));
    await region.withClient(name, async (client) => {
      const { items } = await client.resource(kubernetesResources.nodes).list();
      for (const [index, node] of items.entries())
        firstPods.push(await createPod(client, `first-${index}`, node.metadata?.name));
      for (let index = 0; index < podCount; index++) laterPods.push(await createPod(client, `later-${index}`));
    });
    await region.deleteCluster(name);
  }
  return [
    ...figure('create-nodegroup to 3 nodes Ready', nodes),
    ...figure('create pod to Ready, first of its image on the node', firstPods),
    ...figure('create pod to Ready, image there', laterPods),
  ];
}

const rounds = Number(process.argv[2] ?? 2);
const obstacle = linuxObstacle();
if (obstacle !== undefined) console.log(`left out: ${obstacle}`);
else console.table(await measureRegion('linux', (region, data) => measure(region, data, rounds)));
