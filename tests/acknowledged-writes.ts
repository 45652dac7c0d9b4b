import { setTimeout as delay } from 'node:timers/promises';
import { pick, type Random, randomFraction } from '@keelson/base';
import type { ClusterApi } from './signed-requests.ts';

const path = '/api/v1/namespaces/default/configmaps';

interface Written {
  readonly uid: string;
  /** Of the last acknowledged write. */
  resourceVersion: string;
  /** What the last acknowledged write put into it; a later one may have been carried out unacknowledged. */
  count: number;
  /** Whether its deletion was asked for, and whether that was acknowledged. */
  deletion?: 'asked' | 'acknowledged';
}

/** Writes ConfigMaps as fast as it is answered, and keeps what was acknowledged. */
export class Writer {
  readonly name: string;
  readonly written = new Map<string, Written>();
  /** Revisions of all acknowledged creations and changes, as answered. */
  readonly revisions: number[] = [];
  /** Answers that contradict earlier ones. */
  readonly faults: string[] = [];
  /** Requests that were cut off, so that nobody knows whether they were carried out. */
  unknown = 0;
  readonly #api: ClusterApi;
  readonly #random: Random;
  #next = 0;

  constructor(name: string, api: ClusterApi, random: Random) {
    this.name = name;
    this.#api = api;
    this.#random = random;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step();
      } catch {
        this.unknown++;
        await delay(20);
      }
    }
  }

  #object(name: string, count: number): object {
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { writer: this.name } },
      data: { count: String(count) },
    };
  }

  async #step(): Promise<void> {
    const alive = [...this.written].filter(([, { deletion }]) => deletion === undefined);
    const dice = randomFraction(this.#random);
    if (alive.length < 3 || dice < 0.4) return this.#create();
    const [name, written] = pick(this.#random, alive);
    return dice < 0.9 ? this.#change(name, written) : this.#delete(name, written);
  }

  async #create(): Promise<void> {
    const name = `${this.name}-${this.#next++}`;
    const { status, json, text } = await this.#api.send('POST', path, this.#object(name, 0));
    if (status !== 201) throw new Error(text);
    const { uid, resourceVersion } = json.metadata;
    this.written.set(name, { uid, resourceVersion, count: 0 });
    this.revisions.push(Number(resourceVersion));
  }

  async #change(name: string, written: Written): Promise<void> {
    const count = written.count + 1;
    const { status, json, text } = await this.#api.send('PUT', `${path}/${name}`, this.#object(name, count));
    if (status !== 200) throw new Error(text);
    written.count = count;
    const { uid, resourceVersion } = json.metadata;
    if (uid !== written.uid || Number(resourceVersion) <= Number(written.resourceVersion))
      this.faults.push(`${name}: ${uid} at ${resourceVersion} after ${JSON.stringify(written)}`);
    this.revisions.push(Number(resourceVersion));
    written.resourceVersion = resourceVersion;
  }

  async #delete(name: string, written: Written): Promise<void> {
    written.deletion = 'asked';
    const { status, text } = await this.#api.send('DELETE', `${path}/${name}`);
    if (status !== 200) throw new Error(text);
    written.deletion = 'acknowledged';
  }
}
