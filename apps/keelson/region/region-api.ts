import { timingSafeEqual } from 'node:crypto';
import {
  type ApiServer,
  type Attributes,
  type Authorizer,
  AuthorizerChain,
  createApiServer,
  createRequestAuthenticator,
  MastersAuthorizer,
  ResourceCaches,
  type TokenAuthenticator,
} from '@keelson/apiserver';
import type { World } from '@keelson/base';
import { regionCatalogue } from '@keelson/model';
import type { Store } from '@keelson/store';

/** Who a cluster's control plane is to the region's API. */
export const clusterUserPrefix = 'keelson:cluster:';

/** The token of each cluster's control plane; undefined when there is no such cluster. */
export type ClusterTokens = (clusterName: string) => Promise<string | undefined>;

/** Tokens are `CLUSTER.SECRET`: the name says whose secret it must be. */
function clusterTokenAuthenticator(tokens: ClusterTokens): TokenAuthenticator {
  return {
    async authenticateToken(token) {
      const dot = token.indexOf('.');
      if (dot <= 0) return { outcome: 'none' };
      const name = token.slice(0, dot);
      const expected = await tokens(name);
      const given = Buffer.from(token.slice(dot + 1));
      const wanted = Buffer.from(expected ?? '');
      const good = expected !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted);
      if (!good) return { outcome: 'refused', reason: 'no such cluster, or not its token' };
      return { outcome: 'authenticated', user: { name: `${clusterUserPrefix}${name}`, groups: ['keelson:clusters'] } };
    },
  };
}

const readable = new Set(['instances', 'subnets', 'vpcs', 'networkinterfaces']);
const reading = new Set(['get', 'list', 'watch']);

/** A control plane reads what its nodes are made of, and writes load balancers. Nothing of identities, ever. */
const clusterAuthorizer: Authorizer = {
  async authorize(asked: Attributes) {
    const isCluster = asked.user.groups.includes('keelson:clusters');
    const network = asked.apiGroup === 'ec2.keelson.dev' && readable.has(asked.resource) && reading.has(asked.verb);
    const balancers =
      asked.apiGroup === 'elbv2.keelson.dev' && asked.resource === 'loadbalancers' && asked.subresource === '';
    return {
      decision: isCluster && asked.resourceRequest && (network || balancers) ? 'allow' : 'noOpinion',
      reason: '',
    };
  },
};

/** The API server of the region's own kinds. `historyWindow` is how far back watches may go, in milliseconds. */
export function createRegionApi(world: World, store: Store, tokens: ClusterTokens, historyWindow?: number): ApiServer {
  const catalogue = regionCatalogue();
  const caches = new ResourceCaches({ world, store, catalogue });
  return createApiServer({
    world,
    store,
    catalogue,
    caches,
    // Nobody applies configurations to the region: its objects have one writer each, the service or a controller.
    fieldManagement: false,
    version: {
      major: '1',
      minor: '36',
      gitVersion: 'v1.36.0-keelson',
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '2026-06-01T00:00:00Z',
      goVersion: '',
      compiler: '',
      platform: `linux/${process.arch}`,
    },
    authenticator: createRequestAuthenticator({
      clock: world.clock,
      tokens: [clusterTokenAuthenticator(tokens)],
      anonymous: { paths: ['/healthz', '/livez', '/readyz'] },
    }),
    authorizer: new AuthorizerChain([new MastersAuthorizer(), clusterAuthorizer]),
    admission: [],
    limits: historyWindow === undefined ? {} : { historyWindow },
  });
}
