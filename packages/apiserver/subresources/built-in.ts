import type { World } from '@keelson/base';
import type { ResourceCatalogue } from '@keelson/model';
import { proxySubresources } from '../proxy/proxy-subresources.ts';
import type { AdmissionChain } from '../resources/admission-chain.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { ClusterDialer } from '../webhook/contract.ts';
import { namespaceFinalize } from './namespace-finalize.ts';
import type { NodeConnector } from './node-connector.ts';
import { podBinding } from './pod-binding.ts';
import { podEviction } from './pod-eviction.ts';
import { podLog } from './pod-log.ts';
import { podStreaming } from './pod-streaming.ts';
import { handleScale } from './scale.ts';
import type { SubresourceHandler } from './subresource-handler.ts';
import { updateThrough } from './update-through.ts';

/** The sub-resources that need nothing but the server itself. `status` is every kind's and no handler. */
export function builtInSubresources(options: {
  readonly world: World;
  readonly caches: ResourceCaches;
  readonly catalogue: ResourceCatalogue;
  readonly admission: AdmissionChain;
  readonly connector: NodeConnector | undefined;
  readonly dial: ClusterDialer | undefined;
}): SubresourceHandler[] {
  const { world, caches, catalogue, admission, connector, dial } = options;
  const scales = catalogue
    .stored()
    .filter((resource) => resource.strategy.scale !== undefined && Object.hasOwn(resource.subresources, 'scale'))
    .map(
      ({ group, resource }): SubresourceHandler => ({
        group,
        resource,
        subresource: 'scale',
        handle: (context, found, verbs) => handleScale(caches, context, found, verbs),
      }),
    );
  const custom: SubresourceHandler = {
    group: '*',
    resource: '*',
    subresource: 'scale',
    handle: (context, found, verbs) => handleScale(caches, context, found, verbs),
  };
  return [
    ...scales,
    custom,
    podBinding(world),
    podEviction(world, caches),
    namespaceFinalize,
    updateThrough('', 'pods', 'ephemeralcontainers'),
    updateThrough('', 'pods', 'resize'),
    updateThrough('certificates.k8s.io', 'certificatesigningrequests', 'approval'),
    ...(connector === undefined
      ? []
      : [
          podLog(caches, connector),
          ...podStreaming({ caches, connector, admission }),
          ...proxySubresources({ caches, connector, admission, dial, random: world.random }),
        ]),
  ];
}
