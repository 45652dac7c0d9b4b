import type { CachedObject } from './cached-object.ts';

interface Form {
  readonly type: string;
  readonly message: Uint8Array;
}

/** How many bytes of encoded objects are kept for those who ask again. */
const keptBytes = 32 << 20;

/**
 * The protobuf messages of objects that somebody asked for in protobuf, made once and kept while there is room: the
 * oldest go first. An object that was written again is another object here.
 */
export class ProtobufForms {
  readonly #forms = new Map<CachedObject, Form>();
  readonly #limit: number;
  #bytes = 0;

  constructor(limit = keptBytes) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The message of `object` as `type` (its name in the tables); `make` encodes it. */
  of(object: CachedObject, type: string, make: () => Uint8Array): Uint8Array {
    const found = this.#forms.get(object);
    if (found?.type === type) return found.message;
    const message = make();
    if (found !== undefined) this.#drop(object, found);
    this.#forms.set(object, { type, message });
    this.#bytes += message.length;
    for (const [oldest, form] of this.#forms) {
      if (this.#bytes <= this.#limit) break;
      this.#drop(oldest, form);
    }
    return message;
  }

  #drop(object: CachedObject, form: Form): void {
    this.#forms.delete(object);
    this.#bytes -= form.message.length;
  }
}
