import type { Clock } from '@keelson/base';
import type { Secret } from '@keelson/model/generated/types/core-v1.ts';
import { StartError } from '../containers/start-error.ts';
import { goDuration } from '../go-duration.ts';
import { type Runtime, runtimeMessage, type SandboxSpec } from '../runtime.ts';
import { ImageNameError, withDefaultTag } from './image-name.ts';
import { credentialsFor } from './pull-credentials.ts';

export interface ImageWish {
  readonly podUid: string;
  readonly image: string;
  /** `Always`, `IfNotPresent`, `Never`. */
  readonly policy: string;
  readonly secrets: readonly Secret[];
  readonly sandbox: SandboxSpec;
  /** Records an Event about the container. */
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

interface Failure {
  delay: number;
  at: number;
  message: string;
}

const initialDelay = 10_000;
const longestDelay = 300_000;
const rememberedFailures = 1000;
/** So soon after a failure the pod is looked at again, to say that it waits; in milliseconds. */
const soonAgain = 2_000;
const retrySoon = 10_000;

/** Gets images onto the node: what is there is taken, what is not is pulled, and what cannot be pulled is tried less and less often. */
export class ImagePuller {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #presentText: string;
  readonly #parallel: number;
  readonly #failures = new Map<string, Failure>();
  readonly #waiting: (() => void)[] = [];
  #pulling = 0;

  /** `minor` tells the wording; so many images are pulled at once as `parallel` says. */
  constructor(runtime: Runtime, clock: Clock, minor: number, parallel = 5) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#presentText =
      minor >= 35 ? 'already present on machine and can be accessed by the pod' : 'already present on machine';
    this.#parallel = parallel;
  }

  /** Resolves to the image's reference. @throws StartError with upstream's reasons. */
  async ensure(wish: ImageWish): Promise<string> {
    const { image, policy } = wish;
    const tagged = this.#tagged(wish);
    const present = await this.#present(tagged, wish);
    if (present !== undefined && policy !== 'Always') {
      wish.tell('Normal', 'Pulled', `Container image "${image}" ${this.#presentText}`);
      return present;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      wish.tell('Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message, retrySoon);
    }
    this.#checkBackoff(wish);
    return this.#pull(tagged, wish);
  }

  #tagged(wish: ImageWish): string {
    try {
      return withDefaultTag(wish.image);
    } catch (thrown) {
      if (!(thrown instanceof ImageNameError)) throw thrown;
      const message = `Failed to apply default image tag "${wish.image}": couldn't parse image name "${wish.image}": ${thrown.message}`;
      wish.tell('Warning', 'InspectFailed', message);
      throw new StartError('InvalidImageName', message, retrySoon);
    }
  }

  async #present(tagged: string, wish: ImageWish): Promise<string | undefined> {
    try {
      const status = await this.#runtime.imageStatus(tagged);
      return status && (status.digests[0] ?? status.id);
    } catch (thrown) {
      const message = `Failed to inspect image "${wish.image}": ${runtimeMessage(thrown)}`;
      wish.tell('Warning', 'InspectFailed', message);
      throw new StartError('ImageInspectError', message, retrySoon);
    }
  }

  #checkBackoff(wish: ImageWish): void {
    const key = `${wish.podUid}_${wish.image}`;
    const failure = this.#failures.get(key);
    const now = this.#clock.monotonic();
    if (failure === undefined || now - failure.at >= failure.delay) return;
    wish.tell('Normal', 'BackOff', `Back-off pulling image "${wish.image}"`);
    const message = `Back-off pulling image "${wish.image}": ErrImagePull: ${failure.message}`;
    throw new StartError('ImagePullBackOff', message, failure.at + failure.delay - now);
  }

  async #pull(tagged: string, wish: ImageWish): Promise<string> {
    const { image } = wish;
    wish.tell('Normal', 'Pulling', `Pulling image "${image}"`);
    const asked = this.#clock.monotonic();
    await this.#turn();
    const began = this.#clock.monotonic();
    try {
      const reference = await this.#runtime.pullImage(tagged, credentialsFor(tagged, wish.secrets), wish.sandbox);
      const ended = this.#clock.monotonic();
      const status = await this.#runtime.imageStatus(tagged);
      const took = `in ${goDuration(ended - began)} (${goDuration(ended - asked)} including waiting)`;
      wish.tell(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" ${took}. Image size: ${status?.size ?? 0} bytes.`,
      );
      this.#failures.delete(`${wish.podUid}_${image}`);
      return reference;
    } catch (thrown) {
      const message = runtimeMessage(thrown);
      wish.tell('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      throw new StartError('ErrImagePull', message, this.#remember(`${wish.podUid}_${image}`, message));
    } finally {
      this.#pulling--;
      this.#waiting.shift()?.();
    }
  }

  #remember(key: string, message: string): number {
    const before = this.#failures.get(key);
    const now = this.#clock.monotonic();
    const fresh = before === undefined || now - before.at > 2 * longestDelay;
    const delay = fresh ? initialDelay : Math.min(before.delay * 2, longestDelay);
    if (this.#failures.size >= rememberedFailures) this.#failures.delete(this.#failures.keys().next().value!);
    this.#failures.delete(key);
    this.#failures.set(key, { delay, at: now, message });
    return soonAgain;
  }

  async #turn(): Promise<void> {
    while (this.#pulling >= this.#parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#pulling++;
  }
}
