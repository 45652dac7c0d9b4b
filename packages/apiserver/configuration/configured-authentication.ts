import { readFileSync } from 'node:fs';
import { messageOf, type World } from '@keelson/base';
import type { CompileExpression } from '@keelson/model/cel/index.ts';
import type { ObjectReader } from '../admission/contract.ts';
import { TokenAuthenticatorChain } from '../authentication/authenticator-chain.ts';
import { BootstrapTokenAuthenticator } from '../authentication/bootstrap-token-authenticator.ts';
import type { TokenAuthenticator } from '../authentication/contract.ts';
import { type FetchDocument, fetchDocument } from '../authentication/oidc/fetch-document.ts';
import {
  type AnonymousConfiguration,
  type AuthenticationConfiguration,
  authenticationConfigurationShape,
} from '../authentication/oidc/jwt-authenticator-configuration.ts';
import { OidcAuthenticator } from '../authentication/oidc/oidc-authenticator.ts';
import { compileAuthentication } from '../authentication/oidc/validate-configuration.ts';
import type { RequestAuthenticatorOptions } from '../authentication/request-authenticator.ts';
import type { RequestHeaderOptions } from '../authentication/request-header-authenticator.ts';
import { WebhookTokenAuthenticator } from '../authentication/webhook-token-authenticator.ts';
import type { WebhookCaller } from '../webhook/contract.ts';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationFile, parseConfiguration } from './configuration-file.ts';
import { ConfigurationError, durationOf } from './shape.ts';
import { webhookOfKubeconfig } from './webhook-kubeconfig.ts';

const versions = ['v1', 'v1beta1', 'v1alpha1'].map(
  (version) => `apiserver.config.k8s.io/${version} AuthenticationConfiguration`,
);
const defaultCacheTime = '2m';

export interface AuthenticationTools {
  readonly world: World;
  readonly reader: ObjectReader;
  readonly webhooks: WebhookCaller;
  readonly compile: CompileExpression;
  readonly minor: number;
  /** Of the cluster's own service account tokens: no other issuer may be called so. */
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** By default Node's own client. */
  readonly fetch?: FetchDocument;
}

/** Ways to authenticate that were configured. */
export interface ConfiguredAuthentication {
  /** Readers of bearer tokens, in upstream's order, to be asked after service accounts' own. */
  readonly tokens: readonly TokenAuthenticator[];
  readonly requestHeader: RequestHeaderOptions | undefined;
  /** What holds now for those who show no credentials. */
  anonymous(): RequestAuthenticatorOptions['anonymous'];
  start(): void;
  stop(): void;
}

/** One reading of an AuthenticationConfiguration. */
interface Reading {
  readonly issuers: TokenAuthenticator;
  readonly anonymous: AnonymousConfiguration | undefined;
}

/**
 * Puts together what the settings ask for.
 * @throws ConfigurationError for a file that cannot be read or used
 */
export function configuredAuthentication(
  settings: ApiServerSettings,
  tools: AuthenticationTools,
): ConfiguredAuthentication {
  const { world, reader, webhooks, audiences } = tools;
  const path = settings.authenticationConfig;
  const file =
    path === undefined ? undefined : new ConfigurationFile(path, world, (text) => readAuthentication(text, tools));
  const tokens: TokenAuthenticator[] = [];
  if (settings.enableBootstrapTokenAuth !== false) tokens.push(new BootstrapTokenAuthenticator(world.clock, reader));
  if (file !== undefined)
    tokens.push({ authenticateToken: (token, wanted) => file.current.issuers.authenticateToken(token, wanted) });
  const webhook = settings.authenticationTokenWebhookConfigFile;
  if (webhook !== undefined) {
    const time = settings.authenticationTokenWebhookCacheTtl ?? defaultCacheTime;
    const cacheTime = durationOf(time);
    if (cacheTime === undefined) throw new ConfigurationError(`${time} is no duration`);
    const target = webhookOfKubeconfig(webhook);
    tokens.push(new WebhookTokenAuthenticator({ world, caller: webhooks, target, audiences, cacheTime }));
  }
  return {
    tokens,
    requestHeader: requestHeaderOf(settings),
    anonymous: () => anonymousOf(file?.current.anonymous, settings.anonymousAuth),
    start: () => file?.follow(),
    stop: () => file?.stop(),
  };
}

/** @throws ConfigurationError with everything that is wrong */
function readAuthentication(text: string, tools: AuthenticationTools): Reading {
  const configuration = parseConfiguration(text, versions, authenticationConfigurationShape);
  const { issuers, errors } = compileAuthentication(configuration as AuthenticationConfiguration, {
    ...tools,
    disallowed: tools.issuers,
  });
  if (errors.length > 0)
    throw new ConfigurationError(errors.map(({ field, message }) => `${field}: ${message}`).join('\n'));
  const fetch = tools.fetch ?? fetchDocument;
  return {
    issuers: new TokenAuthenticatorChain(issuers.map((issuer) => new OidcAuthenticator(tools.world, issuer, fetch))),
    anonymous: configuration['anonymous'],
  };
}

/** The endpoints at which EKS lets anonymous requests count since 1.32. */
const healthPaths = { paths: ['/healthz', '/livez', '/readyz'] };

function anonymousOf(
  configured: AnonymousConfiguration | undefined,
  flag: boolean | undefined,
): RequestAuthenticatorOptions['anonymous'] {
  if (configured === undefined) return flag ?? healthPaths;
  if (configured.enabled !== true) return false;
  const paths = (configured.conditions ?? []).map(({ path = '' }) => path);
  return paths.length === 0 ? true : { paths };
}

function requestHeaderOf(settings: ApiServerSettings): RequestHeaderOptions | undefined {
  const path = settings.requestheaderClientCaFile;
  if (path === undefined) return undefined;
  let clientAuthority: string;
  try {
    clientAuthority = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (!clientAuthority.includes('-----BEGIN CERTIFICATE-----'))
    throw new ConfigurationError(`${path} holds no certificate`);
  return {
    clientAuthority,
    allowedNames: settings.requestheaderAllowedNames ?? [],
    usernameHeaders: settings.requestheaderUsernameHeaders ?? ['X-Remote-User'],
    uidHeaders: settings.requestheaderUidHeaders ?? ['X-Remote-Uid'],
    groupHeaders: settings.requestheaderGroupHeaders ?? ['X-Remote-Group'],
    extraHeadersPrefix: settings.requestheaderExtraHeadersPrefix ?? ['X-Remote-Extra-'],
  };
}
