import { type ApiObject, sameValue } from '@keelson/model';
import { quoted } from '../authentication/quoted.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbidden, isWriteTo } from './refusal.ts';

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

/** Whether `wide` tolerates everything that `narrow` does, at least as long. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (sameValue(wide, narrow)) return true;
  const anyKey = (wide.key ?? '') === '' && wide.operator === 'Exists';
  if ((wide.key ?? '') !== (narrow.key ?? '') && !anyKey) return false;
  if ((wide.effect ?? '') !== (narrow.effect ?? '') && (wide.effect ?? '') !== '') return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  return (wide.operator ?? '') === (narrow.operator ?? '') && (wide.value ?? '') === (narrow.value ?? '');
}

/** Both lists as one, without what others of them cover. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  all.forEach((one, position) => {
    if (merged.some((other) => covers(other, one))) return;
    if (all.slice(position + 1).some((other) => !sameValue(one, other) && covers(other, one))) return;
    merged.push(one);
  });
  return merged;
}

/** RuntimeClass: a new pod gets the overhead and the placement of the class that it names. */
export class RuntimeClass implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || !isWriteTo(request, '', 'pods')) return;
    const spec = (request.object!['spec'] ??= {});
    const found = this.#classOf(request, spec);
    const overhead = found?.['overhead']?.podFixed;
    if (found?.['overhead'] !== undefined) {
      if (spec.overhead !== undefined && !sameValue(spec.overhead, overhead)) throw mismatch(request);
      if (overhead !== undefined) spec.overhead = structuredClone(overhead);
    }
    if (found?.['scheduling'] !== undefined) place(request, spec, found['scheduling']);
  }

  validate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || !isWriteTo(request, '', 'pods')) return;
    const spec = request.object!['spec'] ?? {};
    const overhead = this.#classOf(request, spec)?.['overhead'];
    if (overhead !== undefined) {
      if (!sameValue(spec.overhead, overhead.podFixed)) throw mismatch(request);
    } else if (spec.overhead !== undefined) {
      throw forbidden(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  }

  #classOf(request: AdmissionRequest, spec: Record<string, any>): Readonly<ApiObject> | undefined {
    const name: string | undefined = spec['runtimeClassName'];
    if (name === undefined) return undefined;
    const found = this.#reader.get('node.k8s.io', 'runtimeclasses', '', name);
    if (found === undefined) throw forbidden(request, `pod rejected: RuntimeClass ${quoted(name)} not found`);
    return found;
  }
}

function mismatch(request: AdmissionRequest) {
  return forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function place(request: AdmissionRequest, spec: Record<string, any>, scheduling: Record<string, any>): void {
  for (const [key, value] of Object.entries((scheduling['nodeSelector'] ?? {}) as Record<string, string>)) {
    const own: string | undefined = spec['nodeSelector']?.[key];
    if (own !== undefined && own !== value) {
      const text = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw forbidden(request, text);
    }
    spec['nodeSelector'] = { ...spec['nodeSelector'], [key]: value };
  }
  const merged = mergeTolerations(spec['tolerations'] ?? [], structuredClone(scheduling['tolerations'] ?? []));
  if (merged.length > 0) spec['tolerations'] = merged;
}
