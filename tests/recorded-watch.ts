import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterApi } from './signed-requests.ts';

export interface RecordedEvent {
  readonly type: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
}

/** Lists a collection once and watches it from there, over all breaks, as a client that wants to miss nothing. */
export class RecordedWatch {
  readonly events: RecordedEvent[] = [];
  /** How often it was told that its revision is gone, and listed again. */
  expired = 0;
  /** How often the stream ended and was taken up again. */
  breaks = 0;
  #revision = '';
  readonly #api: ClusterApi;
  readonly #path: string;

  constructor(api: ClusterApi, path: string) {
    this.#api = api;
    this.#path = path;
  }

  get revision(): number {
    return Number(this.#revision);
  }

  async list(): Promise<void> {
    const { status, json, text } = await this.#api.send('GET', this.#path);
    if (status !== 200) throw new Error(text);
    this.#revision = json.metadata.resourceVersion;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const gone = await this.#stream(signal).catch(() => false);
      if (signal.aborted) return;
      this.breaks++;
      if (gone) {
        this.expired++;
        await this.list().catch(() => {});
      }
      await delay(20);
    }
  }

  /** Follows one stream to its end; resolves to true when the server says that the revision is gone. */
  async #stream(signal: AbortSignal): Promise<boolean> {
    const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${this.#revision}`;
    const url = `${this.#api.url}${this.#path}?${query}`;
    const outgoing = request(url, { headers: this.#api.headers(), agent: this.#api.agent, signal });
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', resolve);
      outgoing.end();
    });
    if (response.statusCode === 410) return true;
    if (response.statusCode !== 200) throw new Error(String(response.statusCode));
    response.on('error', () => {});
    for await (const line of createInterface({ input: response })) {
      const event = parse(line);
      if (event === undefined) break;
      if (event.type === 'ERROR') return event.object.code === 410;
      const { name, uid, resourceVersion } = event.object.metadata;
      this.#revision = resourceVersion;
      if (event.type !== 'BOOKMARK')
        this.events.push({ type: event.type, name, uid, revision: Number(resourceVersion) });
    }
    return false;
  }
}

/** A line that was cut off is no event: the next stream brings it whole. */
function parse(line: string): any {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
