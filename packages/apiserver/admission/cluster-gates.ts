import type { World } from '@keelson/base';
import { catalogueFor, type ResourceCatalogue } from '@keelson/model';
import { type CompileExpression, compile as compileExpression } from '@keelson/model/cel/index.ts';
import type { ApiServerOptions } from '../api-server-options.ts';
import { TokenAuthenticatorChain } from '../authentication/authenticator-chain.ts';
import type { TokenAuthenticator } from '../authentication/contract.ts';
import {
  keySet,
  keySetPath,
  openIdConfiguration,
  openIdConfigurationPath,
} from '../authentication/openid-configuration.ts';
import { createRequestAuthenticator } from '../authentication/request-authenticator.ts';
import type { SigningKey, VerificationKey } from '../authentication/service-account-key.ts';
import { ServiceAccountTokenAuthenticator } from '../authentication/service-account-token-authenticator.ts';
import { tokenSubresource } from '../authentication/token-subresource.ts';
import { AccessPolicyAuthorizer } from '../authorization/access-policy-authorizer.ts';
import { MastersAuthorizer } from '../authorization/authorizer-chain.ts';
import { bootstrapPolicy } from '../authorization/bootstrap/index.ts';
import { NodeAuthorizer } from '../authorization/node-authorizer.ts';
import { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import { RbacIndex } from '../authorization/rbac-index.ts';
import { reviewHandlers } from '../authorization/review-handlers.ts';
import type { ApiServerSettings } from '../configuration/api-server-settings.ts';
import { configuredAudit } from '../configuration/configured-audit.ts';
import { configuredAuthentication } from '../configuration/configured-authentication.ts';
import { configuredAuthorization } from '../configuration/configured-authorization.ts';
import type { WebhookCaller } from '../webhook/contract.ts';
import type { ObjectReader } from './contract.ts';
import { defaultPlugins, type OptionalPlugin } from './default-plugins.ts';

export interface ClusterGatesOptions {
  readonly world: World;
  /** The server's caches. */
  readonly reader: ObjectReader;
  /** What the server serves; by default the kinds of `minor`. */
  readonly catalogue?: ResourceCatalogue;
  /** The cluster's Kubernetes minor version. */
  readonly minor: number;
  /** Admission plug-ins beyond the default ones. */
  readonly enabledPlugins?: readonly OptionalPlugin[];
  /** Calls the webhooks that objects of the cluster name. */
  readonly webhooks: WebhookCaller;
  readonly serviceAccounts: {
    /** The issuer in new tokens: an https URL. */
    readonly issuer: string;
    /** Issuers of before whose tokens still count. */
    readonly formerIssuers?: readonly string[];
    readonly signingKey: SigningKey;
    /** Keys of before whose tokens still count. */
    readonly formerKeys?: readonly VerificationKey[];
    /** What the API server answers to; by default the issuer. */
    readonly audiences?: readonly string[];
    /** Where the key set can be read; by default below the issuer. */
    readonly keySetUrl?: string;
    /** Seconds; longer requests are cut. */
    readonly longestSeconds?: number;
    /** Seconds that a pod's usual hour is stretched to. */
    readonly extendedSeconds?: number;
  };
  /** Readers of other bearer tokens, asked after service accounts' own: EKS tokens. */
  readonly tokens?: readonly TokenAuthenticator[];
  /** What the user set. */
  readonly settings?: ApiServerSettings;
  /** Compiles the expressions of configurations. */
  readonly compile?: CompileExpression;
}

/**
 * Everything of a cluster's API server that says who may do what, put together as kube-apiserver has it: system:masters,
 * nodes, grants that came with the user, RBAC, and what the settings add. What is returned are options of
 * `createApiServer`.
 * @throws ConfigurationError for settings that cannot be used
 */
export function clusterGates(
  options: ClusterGatesOptions,
): Pick<
  ApiServerOptions,
  'authenticator' | 'authorizer' | 'admission' | 'reviews' | 'subresources' | 'paths' | 'bootstrap' | 'parts' | 'audit'
> {
  const { world, reader, webhooks, minor, serviceAccounts } = options;
  const catalogue = options.catalogue ?? catalogueFor(minor);
  const { issuer, signingKey } = serviceAccounts;
  const audiences = serviceAccounts.audiences ?? [issuer];
  const keys = [signingKey, ...(serviceAccounts.formerKeys ?? [])];
  const issuers = [issuer, ...(serviceAccounts.formerIssuers ?? [])];
  const own = new ServiceAccountTokenAuthenticator({ clock: world.clock, reader, issuers, keys, audiences });
  const { settings = {}, compile = compileExpression } = options;
  const tools = { world, reader, webhooks, compile, minor, issuers, audiences };
  const authentication = configuredAuthentication(settings, tools);
  const tokens = [own, ...authentication.tokens, ...(options.tokens ?? [])];
  const index = new RbacIndex(reader);
  const rbac = new RbacAuthorizer(index);
  const authorities = {
    masters: new MastersAuthorizer(),
    node: new NodeAuthorizer(reader, minor),
    accessPolicies: new AccessPolicyAuthorizer(),
    rbac,
  };
  const authorization = configuredAuthorization(settings, authorities, tools);
  const { authorizer } = authorization;
  const audit = configuredAudit(settings);
  const admission = defaultPlugins({
    ...{ world, reader, catalogue, webhooks, minor, authorizer, rbac, index },
    enabled: options.enabledPlugins ?? [],
  });
  const { longestSeconds, extendedSeconds } = serviceAccounts;
  const token = tokenSubresource({
    world,
    reader,
    issuer,
    key: signingKey,
    audiences,
    admission,
    ...(longestSeconds !== undefined ? { longestSeconds } : {}),
    ...(extendedSeconds !== undefined ? { extendedSeconds } : {}),
  });
  const keySetUrl = serviceAccounts.keySetUrl ?? `${issuer}${keySetPath}`;
  return {
    authenticator: createRequestAuthenticator({
      clock: world.clock,
      tokens,
      anonymous: authentication.anonymous,
      ...(authentication.requestHeader ? { requestHeader: authentication.requestHeader } : {}),
    }),
    authorizer,
    admission,
    reviews: reviewHandlers({ world, tokens: new TokenAuthenticatorChain(tokens), audiences, authorizer }),
    subresources: [token],
    paths: {
      [openIdConfigurationPath]: () => openIdConfiguration(issuer, keySetUrl),
      [keySetPath]: () => keySet(keys),
    },
    bootstrap: bootstrapPolicy(minor),
    parts: [authentication, authorization],
    ...(audit ? { audit } : {}),
  };
}
