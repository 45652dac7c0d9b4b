import { sleep } from '@keelson/base';
import type { KubeletContext } from '../kubelet-context.ts';
import { type RuntimeImage, runtimeMessage } from '../runtime.ts';

/** Logs are looked at this often and images this often, in milliseconds. */
const logInterval = 10_000;
const imageInterval = 300_000;
/** A log beyond this many bytes is rotated, and so many rotated ones are kept beside it. */
const largestLog = 10 * 1024 * 1024;
const keptLogs = 4;
/** Unused images are removed when more than the first share of the disk is in use, until no more than the second is. */
const highUsage = 0.85;
const lowUsage = 0.8;

/** Keeps a node from filling up: rotates logs, removes images that no container was made from. Runs until `signal` aborts. */
export async function keepHouse(context: KubeletContext, signal: AbortSignal): Promise<void> {
  const { clock, log } = context.world;
  if (!context.files.readable) return;
  let imagesAt = clock.monotonic() + imageInterval;
  while (!signal.aborted) {
    await sleep(clock, logInterval, signal);
    if (signal.aborted) return;
    try {
      await rotateLogs(context);
      if (clock.monotonic() < imagesAt) continue;
      imagesAt = clock.monotonic() + imageInterval;
      await removeUnusedImages(context);
    } catch (thrown) {
      log.warn('the node could not be tidied', { node: context.nodeName, error: runtimeMessage(thrown) });
    }
  }
}

async function rotateLogs({ runtime, files }: KubeletContext): Promise<void> {
  for (const { containers } of await runtime.pods())
    for (const { id, state, logPath } of containers)
      if (state === 'running' && (await files.rotateLog(logPath, largestLog, keptLogs))) await runtime.reopenLog(id);
}

async function removeUnusedImages({ runtime, files, world }: KubeletContext): Promise<void> {
  if ((await files.diskUsage()) <= highUsage) return;
  const used = new Set(
    (await runtime.pods()).flatMap(({ containers }) => containers.flatMap((one) => [one.imageRef, one.image])),
  );
  const isUsed = ({ id, names, digests }: RuntimeImage) => [id, ...names, ...digests].some((name) => used.has(name));
  const unused = (await runtime.images()).filter((image) => !isUsed(image)).sort((one, other) => other.size - one.size);
  for (const image of unused) {
    if ((await files.diskUsage()) <= lowUsage) return;
    world.log.info('an unused image is removed', { image: image.names[0] ?? image.id, size: image.size });
    await runtime.removeImage(image.id);
  }
}
