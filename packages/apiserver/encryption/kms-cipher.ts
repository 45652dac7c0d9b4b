import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { messageOf, type World } from '@keelson/base';
import { RecentCache } from '../authentication/recent-cache.ts';
import { openGcm, openWithSeed, sealWithSeed } from './aes-ciphers.ts';
import { encodeFields, Fields } from './kms-messages.ts';
import { GrpcSocket } from './kms-socket.ts';
import { DecryptionError, type ValueCipher } from './value-cipher.ts';

const service = '/v2.KeyManagementService';
/** How often the plug-in is asked which key it uses, in milliseconds. */
const statusPeriod = 60_000;
/** How long a seed may be used after the plug-in could last be asked, in milliseconds. */
const seedLife = 180_000;
const seedSize = 32;
const keysKept = 1000;
/** EncryptedObject.encryptedDEKSourceType: a key, or a seed for many. */
const seedType = 1;

/** What values are sealed with now. */
interface Seed {
  readonly bytes: Uint8Array;
  readonly keyId: string;
  readonly sealed: Uint8Array;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
  /** When the plug-in last said that it uses this key, on the monotonic clock. */
  confirmed: number;
}

/**
 * Envelope encryption by a key management plug-in behind a Unix socket, version 2
 * (https://kubernetes.io/docs/tasks/administer-cluster/kms-provider/): values are sealed here under keys drawn from a
 * seed, and the plug-in seals the seed. When the plug-in changes its key a new seed is drawn.
 */
export class KmsCipher implements ValueCipher {
  readonly prefix: string;
  readonly #world: World;
  readonly #socket: GrpcSocket;
  readonly #opened = new RecentCache<string, Promise<Uint8Array>>(keysKept);
  #seed: Seed | undefined;
  #renewing: Promise<Seed> | undefined;

  constructor(world: World, options: { readonly name: string; readonly path: string; readonly timeout: number }) {
    this.prefix = `k8s:enc:kms:v2:${options.name}:`;
    this.#world = world;
    this.#socket = new GrpcSocket(options.path, options.timeout);
  }

  async seal(plain: Uint8Array, storedAt: string): Promise<Uint8Array> {
    const { bytes, keyId, sealed, annotations } = await this.#current();
    const data = sealWithSeed(bytes, plain, storedAt);
    return encodeFields({ 1: data, 2: keyId, 3: sealed, 4: annotations, 5: seedType });
  }

  async open(stored: Uint8Array, storedAt: string): Promise<Uint8Array> {
    const fields = new Fields(stored);
    const key = await this.#opening(fields);
    return fields.number(5) === seedType
      ? openWithSeed(key, fields.bytes(1), storedAt)
      : openGcm(key, fields.bytes(1), storedAt);
  }

  /** Undefined when the plug-in says that it is well. */
  async problem(): Promise<string | undefined> {
    try {
      const status = new Fields(await this.#socket.call(`${service}/Status`, new Uint8Array(0)));
      if (status.text(2) === 'ok') return undefined;
      return `unexpected healthz status: ${status.text(2)}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  close(): void {
    this.#socket.close();
  }

  #opening(fields: Fields): Promise<Uint8Array> {
    const [keyId, source] = [fields.text(2), fields.bytes(3)];
    const known = createHash('sha256').update(keyId).update('\0').update(source).digest('base64');
    let opening = this.#opened.get(known);
    if (opening === undefined) {
      const message = encodeFields({ 1: source, 2: randomUUID(), 3: keyId, 4: fields.map(4) });
      opening = this.#socket.call(`${service}/Decrypt`, message).then((answer) => new Fields(answer).bytes(1));
      this.#opened.set(known, opening);
      opening.catch(() => this.#opened.delete(known));
    }
    return opening;
  }

  /** The seed to seal with: asked about now and then, and not used for long when nobody answers. */
  async #current(): Promise<Seed> {
    const now = this.#world.clock.monotonic();
    const seed = this.#seed;
    if (seed !== undefined && now - seed.confirmed < statusPeriod) return seed;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    try {
      return await this.#renewing;
    } catch (error) {
      if (seed !== undefined && now - seed.confirmed < seedLife) return seed;
      throw error;
    }
  }

  async #renew(): Promise<Seed> {
    const status = new Fields(await this.#socket.call(`${service}/Status`, new Uint8Array(0)));
    if (!['v2', 'v2beta1'].includes(status.text(1)))
      throw new Error(`the key management plug-in speaks version ${JSON.stringify(status.text(1))}, not v2`);
    const keyId = status.text(3);
    if (this.#seed?.keyId === keyId) {
      this.#seed.confirmed = this.#world.clock.monotonic();
      return this.#seed;
    }
    const bytes = randomBytes(seedSize);
    const message = encodeFields({ 1: bytes, 2: randomUUID() });
    const answer = new Fields(await this.#socket.call(`${service}/Encrypt`, message));
    const sealed = answer.bytes(1);
    if (sealed.length === 0 || sealed.length > 1024) throw new DecryptionError('the plug-in sealed no seed');
    const confirmed = this.#world.clock.monotonic();
    this.#seed = { bytes, keyId: answer.text(2), sealed, annotations: answer.map(3), confirmed };
    return this.#seed;
  }
}
