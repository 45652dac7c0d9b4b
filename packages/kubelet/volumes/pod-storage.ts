import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { hostsFileName } from '../containers/container-starter.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { hostNetworkHostsFile, hostsFile } from '../network/host-names.ts';
import type { PodPlace } from '../pods/field-reference.ts';
import type { RuntimeSandbox } from '../runtime.ts';
import { PodVolumes } from './pod-volumes.ts';
import { TokenSource } from './token-source.ts';

/** Everything that one pod finds as files: its volumes with their tokens, and its hosts file. */
export class PodStorage {
  readonly volumes: PodVolumes;
  readonly #context: KubeletContext;
  readonly #tokens: TokenSource;

  constructor(context: KubeletContext) {
    this.#context = context;
    this.volumes = new PodVolumes(context.files);
    this.#tokens = new TokenSource(context.client, context.world.clock);
  }

  /** Brings all volumes to what they should hold. @throws VolumeError */
  async mount(pod: Pod, place: PodPlace): Promise<void> {
    const { objects, files, node } = this.#context;
    await this.volumes.mount(pod, {
      configMap: (namespace, name) => objects.configMap(namespace, name),
      secret: (namespace, name) => objects.secret(namespace, name),
      token: async (owner, volume, audience, seconds) =>
        files.readable ? this.#tokens.token(owner, volume, audience, seconds) : undefined,
      place,
      allocatable: node().status?.allocatable ?? {},
    });
  }

  async writeHosts(pod: Pod, sandbox: RuntimeSandbox): Promise<void> {
    const { files, resolver } = this.#context;
    if (!files.readable) return;
    const text = pod.spec?.hostNetwork
      ? hostNetworkHostsFile(pod, await files.nodeHostsFile())
      : hostsFile(pod, sandbox.addresses, resolver.clusterDomain);
    await files.writeFile(pod.metadata?.uid ?? '', hostsFileName, Buffer.from(text), 0o644);
  }
}
