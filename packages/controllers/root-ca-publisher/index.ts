import { isAlreadyExists, isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import { type Controller, type ControllerContext, isNamespaceTerminating } from '@keelson/controller-kit';
import type { ConfigMap, Namespace } from '@keelson/model/generated/types/core-v1.ts';

const { configMaps, namespaces } = kubernetesResources;
const name = 'kube-root-ca.crt';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
  'clusters.';

/** Keeps the ConfigMap kube-root-ca.crt in every namespace: what pods check the API server's certificate with. */
export class RootCaPublisher implements Controller {
  readonly name = 'root-ca-certificate-publisher-controller';
  readonly #ca: string;
  #context!: ControllerContext;
  #namespaces!: SharedCache<Namespace>;
  #configMaps!: SharedCache<ConfigMap>;

  /** `ca` is the PEM of the authority behind the API server's certificate. */
  constructor(ca: string) {
    this.#ca = ca;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#namespaces = context.caches.of(namespaces);
    this.#configMaps = context.caches.of(configMaps);
    this.#namespaces.onChange((_, now) => {
      if (now !== undefined) context.queue.add(now.metadata!.name!);
    });
    this.#configMaps.onChange((before, now) => {
      const { metadata } = (now ?? before)!;
      if (metadata?.name === name) context.queue.add(metadata.namespace!);
    });
  }

  async reconcile(namespace: string): Promise<number | undefined> {
    const owner = this.#namespaces.get(undefined, namespace);
    if (owner === undefined || owner.metadata?.deletionTimestamp !== undefined) return undefined;
    const present = this.#configMaps.get(namespace, name);
    const annotations = { 'kubernetes.io/description': description };
    const data = { 'ca.crt': this.#ca };
    const client = this.#context.client.resource(configMaps);
    try {
      if (present === undefined) await client.create({ metadata: { name, namespace, annotations }, data });
      else if (!this.#good(present))
        await client.update({
          ...present,
          metadata: { ...present.metadata, annotations: { ...present.metadata?.annotations, ...annotations } },
          data,
        });
    } catch (thrown) {
      if (!isAlreadyExists(thrown) && !isNamespaceTerminating(thrown) && !isNotFound(thrown)) throw thrown;
    }
    return undefined;
  }

  #good({ data, metadata }: ConfigMap): boolean {
    if (metadata?.annotations?.['kubernetes.io/description'] === undefined) return false;
    return data?.['ca.crt'] === this.#ca && Object.keys(data).length === 1;
  }
}
