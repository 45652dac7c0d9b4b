import type { World } from '@keelson/base';
import type { UserInfo } from '../authentication/contract.ts';
import {
  type AuthorizationConfiguration,
  authorizationConfigurationShape,
  type ConfiguredAuthorizer,
  compileAuthorization,
} from '../authorization/authorization-configuration.ts';
import { AlwaysAllowAuthorizer, AuthorizerChain } from '../authorization/authorizer-chain.ts';
import type { Attributes, Authorizer } from '../authorization/contract.ts';
import { WebhookAuthorizer } from '../authorization/webhook-authorizer.ts';
import type { WebhookCaller } from '../webhook/contract.ts';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationFile, parseConfiguration } from './configuration-file.ts';
import type { AuthenticationTools } from './configured-authentication.ts';
import { ConfigurationError } from './shape.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => `apiserver.config.k8s.io/${version} AuthorizationConfiguration`,
);

/** The server's own authorities, which a configuration puts in its order. */
export interface OwnAuthorizers {
  readonly masters: Authorizer;
  readonly node: Authorizer;
  /** What EKS asks beside RBAC, before it. */
  readonly accessPolicies: Authorizer;
  readonly rbac: Authorizer;
}

/** Who decides, and what keeps that current. */
export interface ConfiguredAuthorization {
  readonly authorizer: Authorizer;
  start(): void;
  stop(): void;
}

/**
 * The chain of authorities: Node and RBAC, or as an AuthorizationConfiguration says. system:masters comes before all.
 * @throws ConfigurationError
 */
export function configuredAuthorization(
  settings: ApiServerSettings,
  own: OwnAuthorizers,
  tools: Pick<AuthenticationTools, 'world' | 'webhooks' | 'compile' | 'minor'>,
): ConfiguredAuthorization {
  const path = settings.authorizationConfig;
  if (path === undefined) {
    const authorizer = new AuthorizerChain([own.masters, own.node, own.accessPolicies, own.rbac]);
    return { authorizer, start: () => {}, stop: () => {} };
  }
  const { world, webhooks } = tools;
  const file = new ConfigurationFile(path, world, (text) => {
    const configuration = parseConfiguration(text, versions, authorizationConfigurationShape);
    const { authorizers, errors } = compileAuthorization(configuration as AuthorizationConfiguration, tools);
    if (errors.length > 0)
      throw new ConfigurationError(errors.map(({ field, message }) => `${field}: ${message}`).join('\n'));
    const members = authorizers.flatMap((one) => membersOf(one, own, world, webhooks));
    return new AuthorizerChain([own.masters, ...members]);
  });
  const authorizer: Authorizer = {
    authorize: (attributes: Attributes) => file.current.authorize(attributes),
    rulesFor: (user: UserInfo, namespace: string) => file.current.rulesFor(user, namespace),
  };
  return { authorizer, start: () => file.follow(), stop: () => file.stop() };
}

function membersOf(
  configured: ConfiguredAuthorizer,
  own: OwnAuthorizers,
  world: World,
  webhooks: WebhookCaller,
): Authorizer[] {
  switch (configured.type) {
    case 'Node':
      return [own.node];
    case 'RBAC':
      return [own.accessPolicies, own.rbac];
    case 'AlwaysAllow':
      return [new AlwaysAllowAuthorizer()];
    case 'AlwaysDeny':
      return [alwaysDeny];
    case 'Webhook':
      return [new WebhookAuthorizer(world, webhooks, configured.settings)];
  }
}

const alwaysDeny: Authorizer = {
  authorize: async () => ({ decision: 'noOpinion', reason: 'Everything is forbidden.' }),
};
