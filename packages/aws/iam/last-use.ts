import type { Log } from '@keelson/base';
import { isConflict, isNotFound } from '@keelson/client';
import type { KeyUse } from '../service.ts';
import type { IdentityStore } from './identity-store.ts';

/** Milliseconds for which a key's use is not written again: GetAccessKeyLastUsed is no log of calls. */
const resolution = 15 * 60 * 1000;
/** Keys whose last writing is remembered; the oldest is forgotten, and then written once more often. */
const mostKeys = 1024;

/** Writes when access keys were last used, now and then, without holding up the calls that use them. */
export class LastUse {
  readonly #store: IdentityStore;
  readonly #log: Log;
  readonly #written = new Map<string, number>();

  constructor(store: IdentityStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Notes that a key signed a call. Keys of sessions have no record. */
  note(accessKeyId: string, use: KeyUse): void {
    const last = this.#written.get(accessKeyId);
    if (!accessKeyId.startsWith('AKIA') || (last !== undefined && use.now - last < resolution)) return;
    this.#written.delete(accessKeyId);
    this.#written.set(accessKeyId, use.now);
    if (this.#written.size > mostKeys) this.#written.delete(this.#written.keys().next().value!);
    this.#write(accessKeyId, use).catch((error) => {
      // Somebody else's writing of the same key tells the same; a key that is gone needs no record.
      if (!isConflict(error) && !isNotFound(error))
        this.#log.warn('the use of an access key was not recorded', { error });
    });
  }

  async #write(accessKeyId: string, { service, region, now }: KeyUse): Promise<void> {
    const key = await this.#store.accessKeys.find(accessKeyId);
    if (key === undefined) return;
    const lastUsedTime = `${new Date(now).toISOString().slice(0, 17)}00Z`;
    key.status = { lastUsedTime, lastUsedService: service, lastUsedRegion: region };
    await this.#store.accessKeys.resource.updateStatus(key);
  }
}
