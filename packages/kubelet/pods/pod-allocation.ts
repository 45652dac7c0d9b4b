import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';

type Resources = NonNullable<Container['resources']>;

/** Why a node does not give a pod the resources that it should have now. */
export interface ResizeRefusal {
  /** `Infeasible`: the node is too small. `Deferred`: others have what it needs. */
  readonly reason: 'Infeasible' | 'Deferred';
  readonly message: string;
}

/**
 * What the node has promised the containers of one pod. The spec says what they should have; when that changes, they keep
 * what they have until the node has room for the change (pods/resize).
 */
export class PodAllocation {
  readonly #promised = new Map<string, Resources>();
  #refusal: ResizeRefusal | undefined;

  /** @param pod as it is first seen: what a kubelet before this one had promised is in its status */
  constructor(pod: Pod) {
    for (const container of resizable(pod)) this.#promised.set(container.name, before(pod, container));
  }

  /** Why the pod has not what its spec says; undefined when it has. */
  get refusal(): ResizeRefusal | undefined {
    return this.#refusal;
  }

  /** The pod with the resources that it has. */
  applied(pod: Pod): Pod {
    if (resizable(pod).every((container) => sameResources(container.resources, this.#promised.get(container.name))))
      return pod;
    const withPromised = (containers: Container[]) =>
      containers.map((container) => {
        const promised = this.#promised.get(container.name);
        return promised === undefined ? container : { ...container, resources: promised };
      });
    const spec = { ...pod.spec!, containers: withPromised(pod.spec!.containers) };
    if (pod.spec!.initContainers) spec.initContainers = withPromised(pod.spec!.initContainers);
    return { ...pod, spec };
  }

  /** Promises what the spec says, unless `refuse` says why that cannot be. Returns whether something was promised anew. */
  reconsider(pod: Pod, refuse: (pod: Pod) => ResizeRefusal | undefined): boolean {
    this.#refusal = undefined;
    if (this.applied(pod) === pod) return false;
    this.#refusal = refuse(pod);
    if (this.#refusal !== undefined) return false;
    for (const { name, resources = {} } of resizable(pod)) this.#promised.set(name, resources);
    return true;
  }
}

/** The containers whose resources can change while they run: not those that end before the others begin. */
export function resizable(pod: Pod): Container[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...sidecars, ...(pod.spec?.containers ?? [])];
}

/** What a container that runs was told to have, by the pod's status; that of the spec for one that never ran. */
function before(pod: Pod, container: Container): Resources {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const told = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container.name);
  if (told?.state?.running === undefined || told.resources === undefined) return container.resources ?? {};
  const { requests = told.allocatedResources, limits } = told.resources;
  return { ...container.resources, ...(limits && { limits }), ...(requests && { requests }) };
}

/** Whether cpu and memory, which alone can be resized, are the same. */
function sameResources(one: Resources | undefined, other: Resources | undefined): boolean {
  return (['requests', 'limits'] as const).every((list) =>
    ['cpu', 'memory'].every((name) => one?.[list]?.[name] === other?.[list]?.[name]),
  );
}
