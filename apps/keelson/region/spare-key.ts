import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '@keelson/base';

const generate = promisify(generateKeyPair);

/** How long after a start, or after a key was taken, the next one is made, in milliseconds: other work goes first. */
const delay = 1_000;

/** An RSA key of 2048 bits that is there before it is asked for: making one takes longer than anything else about a cluster. */
export class SpareKey {
  readonly #clock: Clock;
  #spare: Promise<string> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#provide();
  }

  /** A key as PEM (PKCS #8) that nobody else gets. */
  take(): Promise<string> {
    const key = this.#spare ?? make();
    this.#spare = undefined;
    this.#provide();
    return key;
  }

  #provide(): void {
    this.#clock.setTimer(delay, () => {
      this.#spare ??= make();
      // Whoever takes it is told.
      this.#spare.catch(() => {});
    });
  }
}

async function make(): Promise<string> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
