import type { ApiObject } from '@keelson/model';
import type { ObjectReader } from '../contract.ts';
import { type Binding, compileBinding } from './policy.ts';

const group = 'admissionregistration.k8s.io';

/** A policy with its bindings. */
export interface BoundPolicy<Policy> {
  readonly policy: Policy;
  readonly bindings: readonly Binding[];
}

interface Kept<Policy> {
  readonly object: Readonly<ApiObject>;
  compiled: Policy | undefined;
}

/**
 * The policies of one kind that are bound, by their names. A policy is compiled when it is first asked for after its spec
 * has changed; what is in no binding costs nothing.
 */
export class PolicyList<Policy> {
  readonly #policies = new Map<string, Kept<Policy>>();
  readonly #bindings = new Map<string, Binding>();
  readonly #compile: (object: Readonly<ApiObject>) => Policy;
  #current: readonly BoundPolicy<Policy>[] | undefined = [];

  constructor(
    reader: ObjectReader,
    kind: 'validatingadmissionpolic' | 'mutatingadmissionpolic',
    compile: (object: Readonly<ApiObject>) => Policy,
  ) {
    this.#compile = compile;
    reader.observe(group, `${kind}ies`, ({ current, previous }) => this.#policyChanged(current, previous));
    reader.observe(group, `${kind}ybindings`, ({ current, previous }) => {
      if (current === undefined) this.#bindings.delete(nameOf(previous!));
      else this.#bindings.set(nameOf(current), compileBinding(current));
      this.#current = undefined;
    });
  }

  current(): readonly BoundPolicy<Policy>[] {
    this.#current ??= this.#bound();
    return this.#current;
  }

  #policyChanged(current: Readonly<ApiObject> | undefined, previous: Readonly<ApiObject> | undefined): void {
    if (current === undefined) this.#policies.delete(nameOf(previous!));
    else {
      const kept = this.#policies.get(nameOf(current));
      // A report of the status leaves the spec as it is.
      if (kept !== undefined && generationOf(kept.object) === generationOf(current)) return;
      this.#policies.set(nameOf(current), { object: current, compiled: undefined });
    }
    this.#current = undefined;
  }

  #bound(): BoundPolicy<Policy>[] {
    const byPolicy = new Map<string, Binding[]>();
    for (const name of [...this.#bindings.keys()].sort()) {
      const binding = this.#bindings.get(name)!;
      const policy: string = binding.spec['policyName'];
      const bindings = byPolicy.get(policy);
      if (bindings === undefined) byPolicy.set(policy, [binding]);
      else bindings.push(binding);
    }
    const bound: BoundPolicy<Policy>[] = [];
    for (const [name, bindings] of [...byPolicy].sort(([left], [right]) => (left < right ? -1 : 1))) {
      const kept = this.#policies.get(name);
      if (kept === undefined) continue;
      kept.compiled ??= this.#compile(kept.object);
      bound.push({ policy: kept.compiled, bindings });
    }
    return bound;
  }
}

function nameOf(object: Readonly<ApiObject>): string {
  return object.metadata?.name ?? '';
}

function generationOf({ metadata }: Readonly<ApiObject>): string {
  return `${metadata?.uid}/${metadata?.generation}`;
}
