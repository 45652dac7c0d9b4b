import assert from 'node:assert/strict';
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

/** What was watched without a break: from the revision of a list, or from where a former stream ended. */
interface Stretch {
  readonly from: number;
  readonly events: RecordedEvent[];
}

/** Lists a collection once and watches it from there, over all breaks, as a client that wants to miss nothing. */
export class RecordedWatch {
  /** A new one begins wherever the server said that the revision is gone. */
  readonly #stretches: Stretch[] = [];
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

  /** How often it was told that its revision is gone, and listed again. */
  get expired(): number {
    return this.#stretches.length - 1;
  }

  async list(): Promise<void> {
    const { status, json, text } = await this.#api.send('GET', this.#path);
    if (status !== 200) throw new Error(text);
    this.#revision = json.metadata.resourceVersion;
    this.#stretches.push({ from: this.revision, events: [] });
  }

  /** Goes back to a revision, and forgets what came after it. */
  rewind(revision: number): void {
    this.#revision = String(revision);
    const stretch = this.#stretches.pop()!;
    const events = stretch.events.filter((event) => event.revision <= revision);
    this.#stretches.push({ ...stretch, events });
  }

  async run(signal: AbortSignal): Promise<void> {
    let gone = false;
    while (!signal.aborted) {
      gone ||= await this.stream(signal).catch(() => false);
      if (signal.aborted) return;
      this.breaks++;
      if (gone)
        await this.list().then(
          () => (gone = false),
          () => {},
        );
      await delay(20);
    }
  }

  /** @throws AssertionError when anything was missed, came twice, or came out of order; `acknowledged` are revisions */
  verify(acknowledged: readonly number[]): void {
    for (const { from, events } of this.#stretches) {
      const revisions = events.map((event) => event.revision);
      for (const [index, revision] of revisions.entries())
        assert.ok(revision > (revisions[index - 1] ?? from), `event ${index} at ${revision} is out of order`);
      const seen = new Set(revisions);
      const last = revisions.at(-1) ?? from;
      const missed = acknowledged.filter((revision) => revision > from && revision <= last && !seen.has(revision));
      assert.deepEqual(missed, [], 'revisions that were acknowledged and never watched');
      const ended = new Set<string>();
      const come = new Set<string>();
      for (const { type, name, uid } of events) {
        assert.ok(!ended.has(uid), `${name} was ${type} after it was deleted`);
        assert.ok(type !== 'ADDED' || !come.has(uid), `${name} came twice`);
        come.add(uid);
        if (type === 'DELETED') ended.add(uid);
      }
    }
  }

  /** Follows one stream to its end, or for so many lines; resolves to true when the server says that the revision is gone. */
  async stream(signal: AbortSignal, most = Number.POSITIVE_INFINITY): Promise<boolean> {
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
    const reader = createInterface({ input: response });
    // A stream that is cut off tells the reader, too.
    reader.on('error', () => {});
    let lines = 0;
    for await (const line of reader) {
      const event = parse(line);
      if (event === undefined) break;
      if (event.type === 'ERROR') return event.object.code === 410;
      const { name, uid, resourceVersion } = event.object.metadata;
      this.#revision = resourceVersion;
      if (event.type !== 'BOOKMARK')
        this.#stretches.at(-1)!.events.push({ type: event.type, name, uid, revision: Number(resourceVersion) });
      if (++lines >= most) break;
    }
    outgoing.destroy();
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
