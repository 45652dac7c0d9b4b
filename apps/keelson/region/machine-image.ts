import { messageOf, type World } from '@keelson/base';
import { type CachedImage, ImageCache } from '@keelson/compute/linux/index.ts';
import type { DataDirectory } from '../data-directory.ts';

/** What the disks of new instances have on them from the start: the images that every node runs. */
export class MachineImage {
  readonly #world: World;
  readonly #cache: ImageCache | undefined;
  readonly #filled: Promise<void>;
  #ready: () => void = () => {};

  constructor(world: World, directory: DataDirectory, containerd: string | undefined) {
    this.#world = world;
    if (containerd !== undefined)
      this.#cache = new ImageCache({ world, containerd, folder: `${directory.path}/image-cache` });
    this.#filled = new Promise((resolve) => {
      this.#ready = resolve;
    });
  }

  /** Goes on by itself. An image that cannot be cached is no reason to stop: nodes pull it then. */
  fill(images: readonly CachedImage[]): void {
    const filled = this.#cache?.fill(images).catch((error: unknown) => {
      this.#world.log.warn('images could not be cached for new instances', { error: messageOf(error) });
    });
    if (filled !== undefined) void filled.then(this.#ready);
    else this.#ready();
  }

  /** New instances have what is cached already. */
  keep(): void {
    this.#ready();
  }

  /** Puts the images on a new disk, once there are any. */
  async layInto(root: string): Promise<void> {
    await this.#filled;
    await this.#cache?.layInto(root);
  }
}
