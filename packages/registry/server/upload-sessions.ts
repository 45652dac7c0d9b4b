import type { Timer, World } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import type { BlobFiles } from '../store/blob-files.ts';
import type { BlobWriter } from '../store/blob-writer.ts';

const sessionLimit = 256;
const idleLimit = 3600_000;

/** One blob upload under way. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  readonly writer: BlobWriter;
  busy: boolean;
  timer: Timer;
}

/** The blob uploads that are under way: at most 256, each ended after an hour in which nothing came. */
export class UploadSessions {
  readonly #files: BlobFiles;
  readonly #world: World;
  readonly #sessions = new Map<string, UploadSession>();

  constructor(files: BlobFiles, world: World) {
    this.#files = files;
    this.#world = world;
  }

  /** @throws RegistryError TOOMANYREQUESTS */
  async start(repository: string): Promise<UploadSession> {
    if (this.#sessions.size >= sessionLimit) {
      throw new RegistryError('TOOMANYREQUESTS', { detail: { limit: 'uploadSessions', uploadSessions: sessionLimit } });
    }
    const id = Buffer.from(this.#world.random.bytes(16)).toString('hex');
    const session: UploadSession = {
      id,
      repository,
      writer: await this.#files.create(),
      busy: false,
      timer: this.#expire(id),
    };
    this.#sessions.set(id, session);
    return session;
  }

  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN */
  get(repository: string, id: string): UploadSession {
    const session = this.#sessions.get(id);
    if (!session || session.repository !== repository)
      throw new RegistryError('BLOB_UPLOAD_UNKNOWN', { detail: { id } });
    return session;
  }

  /** Runs one request on the session alone. @throws RegistryError BLOB_UPLOAD_INVALID when another one is under way */
  async use<T>(session: UploadSession, work: () => Promise<T>): Promise<T> {
    if (session.busy) throw new RegistryError('BLOB_UPLOAD_INVALID', { status: 409, detail: { id: session.id } });
    session.busy = true;
    session.timer.cancel();
    try {
      return await work();
    } finally {
      session.busy = false;
      session.timer = this.#expire(session.id);
      if (!this.#sessions.has(session.id)) session.timer.cancel();
    }
  }

  /** Ends the session; what it has written is forgotten unless it was finished. */
  async end(session: UploadSession): Promise<void> {
    this.#sessions.delete(session.id);
    session.timer.cancel();
    await session.writer.abort();
  }

  async endAll(): Promise<void> {
    for (const session of [...this.#sessions.values()]) await this.end(session);
  }

  #expire(id: string): Timer {
    return this.#world.clock.setTimer(idleLimit, () => {
      const session = this.#sessions.get(id);
      if (session && !session.busy) void this.end(session);
    });
  }
}
