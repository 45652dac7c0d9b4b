import type { Clock, HttpRequest } from '@keelson/base';
import { AuthenticatorChain, TokenAuthenticatorChain } from './authenticator-chain.ts';
import { BearerTokenAuthenticator } from './bearer-token-authenticator.ts';
import { CertificateAuthenticator } from './certificate-authenticator.ts';
import type { AuthenticationResult, Authenticator, TokenAuthenticator, UserInfo } from './contract.ts';
import { InProcessAuthenticator } from './in-process-authenticator.ts';
import {
  ProxyCertificates,
  RequestHeaderAuthenticator,
  type RequestHeaderOptions,
} from './request-header-authenticator.ts';
import { anonymousUser, authenticatedGroup, unauthenticatedGroup } from './well-known-users.ts';

export interface RequestAuthenticatorOptions {
  readonly clock: Clock;
  /** Readers of bearer tokens, asked in this order. */
  readonly tokens: readonly TokenAuthenticator[];
  /** Whether who shows no credentials is system:anonymous (everywhere, or at these paths only) or refused. */
  readonly anonymous: boolean | { readonly paths: readonly string[] };
}

export interface RequestAuthenticatorSources extends Omit<RequestAuthenticatorOptions, 'anonymous'> {
  /** As it is, or as it is now when it can change. */
  readonly anonymous: RequestAuthenticatorOptions['anonymous'] | (() => RequestAuthenticatorOptions['anonymous']);
  /** Proxies in front of the server that are believed. */
  readonly requestHeader?: RequestHeaderOptions;
}

/**
 * Who is asking, put together as kube-apiserver does: certificate, caller in the process, bearer token; whoever is known
 * is in system:authenticated; who showed nothing is system:anonymous. Bad credentials never become anonymous.
 */
export function createRequestAuthenticator(options: RequestAuthenticatorSources): Authenticator {
  const { clock, requestHeader } = options;
  const proxies = requestHeader && new ProxyCertificates(requestHeader.clientAuthority);
  const certificates = new CertificateAuthenticator(clock);
  const known = new AuthenticatorChain([
    ...(proxies ? [new RequestHeaderAuthenticator(requestHeader, proxies, () => clock.now())] : []),
    proxies ? exceptOf(certificates, proxies) : certificates,
    new InProcessAuthenticator(),
    new BearerTokenAuthenticator(new TokenAuthenticatorChain(options.tokens)),
  ]);
  return {
    async authenticate(request) {
      const result = await known.authenticate(request);
      if (result.outcome === 'authenticated') return { ...result, user: withAuthenticatedGroup(result.user) };
      if (result.outcome !== 'none') return result;
      const { anonymous } = options;
      return anonymousResult(typeof anonymous === 'function' ? anonymous() : anonymous, request);
    },
  };
}

/** A proxy's certificate says nothing of who asks. */
function exceptOf(certificates: Authenticator, proxies: ProxyCertificates): Authenticator {
  return {
    authenticate: async (request) =>
      proxies.own(request.peer.certificates[0]) === undefined
        ? certificates.authenticate(request)
        : { outcome: 'none' },
  };
}

/** `user` in system:authenticated, unless it is anonymous or says itself which of the two groups it is in. */
export function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.name === anonymousUser) return user;
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user;
  return { ...user, groups: [...user.groups, authenticatedGroup] };
}

function anonymousResult(
  anonymous: RequestAuthenticatorOptions['anonymous'],
  request: HttpRequest,
): AuthenticationResult {
  if (anonymous === false) return { outcome: 'none' };
  if (anonymous !== true && !anonymous.paths.includes(request.target.split('?', 1)[0]!)) return { outcome: 'none' };
  return { outcome: 'authenticated', user: { name: anonymousUser, groups: [unauthenticatedGroup] } };
}
