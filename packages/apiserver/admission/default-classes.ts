import type { ApiObject } from '@keelson/model';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { isWriteTo } from './refusal.ts';

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';
const INGRESS_ANNOTATION = 'kubernetes.io/ingress.class';
const STORAGE_MARKS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const INGRESS_MARKS = ['ingressclass.kubernetes.io/is-default-class'];

/** The class that one of the annotations marks as default: of several the newest, then the first by name. */
function defaultOf(classes: readonly Readonly<ApiObject>[], marks: readonly string[]): string | undefined {
  let best: Readonly<ApiObject> | undefined;
  for (const one of classes) {
    if (!marks.some((mark) => one.metadata?.annotations?.[mark] === 'true')) continue;
    if (best === undefined || isPreferred(one, best)) best = one;
  }
  return best?.metadata?.name;
}

function isPreferred(
  { metadata: one = {} }: Readonly<ApiObject>,
  { metadata: other = {} }: Readonly<ApiObject>,
): boolean {
  const order = Date.parse(one.creationTimestamp ?? '') - Date.parse(other.creationTimestamp ?? '');
  return order === 0 ? one.name! < other.name! : order > 0;
}

/** DefaultStorageClass: gives a new claim that names no class the default one. */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || !isWriteTo(request, '', 'persistentvolumeclaims')) return;
    const { object } = request;
    const spec = (object!['spec'] ??= {});
    if (spec.storageClassName !== undefined || object!.metadata?.annotations?.[BETA_CLASS] !== undefined) return;
    const name = defaultOf(this.#reader.list('storage.k8s.io', 'storageclasses'), STORAGE_MARKS);
    if (name !== undefined) spec.storageClassName = name;
  }
}

/** DefaultIngressClass: the same for an Ingress. */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    if (request.operation !== 'CREATE' || !isWriteTo(request, 'networking.k8s.io', 'ingresses')) return;
    const { object } = request;
    const spec = (object!['spec'] ??= {});
    if (spec.ingressClassName !== undefined) return;
    if (object!.metadata?.annotations?.[INGRESS_ANNOTATION] !== undefined) return;
    const name = defaultOf(this.#reader.list('networking.k8s.io', 'ingressclasses'), INGRESS_MARKS);
    if (name !== undefined) spec.ingressClassName = name;
  }
}
