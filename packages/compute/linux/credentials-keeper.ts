import { readFileSync } from 'node:fs';
import { messageOf, type Timer, type World } from '@keelson/base';
import type { RoleCredentials } from '../imds/instance-metadata.ts';
import { writePrivateFile } from './machine/private-file.ts';

/** Asks for credentials of an instance's role; undefined for an instance that has none. */
export type CredentialsSource = (instanceId: string) => Promise<RoleCredentials | undefined>;

const interval = 60_000;

/**
 * Keeps the file of role credentials that each running instance reads up to date: new ones come when half of the old
 * ones' life has gone by, so an instance has good ones for hours after the region process has ended.
 */
export class CredentialsKeeper {
  readonly #world: World;
  readonly #source: CredentialsSource;
  readonly #files = new Map<string, string>();
  #timer: Timer | undefined;

  constructor(world: World, source: CredentialsSource) {
    this.#world = world;
    this.#source = source;
  }

  /** Sees to this instance's file from now on. Resolves when it is there, or an earlier one still good. */
  async add(instanceId: string, file: string): Promise<void> {
    this.#files.set(instanceId, file);
    this.#timer ??= this.#world.clock.setTimer(interval, () => void this.#round());
    await this.#renew(instanceId, file);
  }

  remove(instanceId: string): void {
    this.#files.delete(instanceId);
  }

  close(): void {
    this.#files.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #round(): Promise<void> {
    for (const [instanceId, file] of [...this.#files]) {
      try {
        await this.#renew(instanceId, file);
      } catch (error) {
        const { log } = this.#world;
        log.warn('credentials of an instance were not renewed', { instance: instanceId, error: messageOf(error) });
      }
    }
    if (this.#files.size === 0) this.#timer = undefined;
    else this.#timer = this.#world.clock.setTimer(interval, () => void this.#round());
  }

  async #renew(instanceId: string, file: string): Promise<void> {
    if (!isDue(file, this.#world.clock.now())) return;
    const credentials = await this.#source(instanceId);
    if (credentials === undefined) return;
    writePrivateFile(file, JSON.stringify(credentials));
  }
}

function isDue(file: string, now: number): boolean {
  let known: RoleCredentials;
  try {
    known = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return true;
  }
  const [from, until] = [Date.parse(known.lastUpdated), Date.parse(known.expiration)];
  return !(now - from < (until - from) / 2);
}
