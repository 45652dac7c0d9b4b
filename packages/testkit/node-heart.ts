import { rfc3339Micro } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import type { WorkloadCluster } from './workload-cluster.ts';

const { leases } = kubernetesResources;
const namespace = 'kube-node-lease';

/** Nodes that renew their leases every ten seconds, until they are silenced. */
export class NodeHeart {
  readonly #cluster: WorkloadCluster;
  readonly #alive = new Set<string>();

  private constructor(cluster: WorkloadCluster) {
    this.#cluster = cluster;
  }

  /** Begins with these nodes; it ends with the clock. */
  static async start(cluster: WorkloadCluster, names: readonly string[]): Promise<NodeHeart> {
    const heart = new NodeHeart(cluster);
    for (const name of names) {
      await cluster.create(leases, { metadata: { name, namespace }, spec: { holderIdentity: name } });
      heart.#alive.add(name);
    }
    heart.#beat();
    return heart;
  }

  /** The nodes' kubelets do nothing any more, and say nothing. */
  silence(...names: string[]): void {
    for (const name of names) {
      this.#alive.delete(name);
      this.#cluster.runner.silence(name);
    }
  }

  revive(name: string): void {
    this.#alive.add(name);
    this.#cluster.runner.revive(name);
  }

  #beat(): void {
    const renewTime = rfc3339Micro(this.#cluster.clock.now());
    // A server that is away misses a beat, as it would.
    for (const name of this.#alive)
      this.#cluster.client
        .resource(leases)
        .patch(name, namespace, { spec: { renewTime } })
        .catch(() => {});
    this.#cluster.clock.setTimer(10_000, () => this.#beat());
  }
}
