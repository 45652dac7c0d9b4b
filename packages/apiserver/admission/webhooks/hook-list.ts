import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../contract.ts';
import { type Hook, hooksOf } from './hook.ts';

const group = 'admissionregistration.k8s.io';

/** The webhooks of all configurations of one kind, compiled when one of them has changed. */
export class HookList {
  readonly #byConfiguration = new Map<string, readonly Hook[]>();
  #all: readonly Hook[] | undefined = [];

  constructor(reader: ObjectReader, resource: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations') {
    reader.observe(group, resource, ({ current, previous }) => {
      if (current === undefined) this.#byConfiguration.delete(nameOf(previous!));
      else this.#byConfiguration.set(nameOf(current), hooksOf(current));
      this.#all = undefined;
    });
  }

  /** Sorted by the configurations' names; within one in its order. */
  current(): readonly Hook[] {
    this.#all ??= [...this.#byConfiguration.keys()].sort().flatMap((name) => this.#byConfiguration.get(name)!);
    return this.#all;
  }
}

function nameOf(object: Readonly<ApiObject>): string {
  return object.metadata?.name ?? '';
}
