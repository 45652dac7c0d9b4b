import type { AuthenticationResult, ObjectReader, TokenAuthenticator, UserInfo } from '@keelson/apiserver';
import type { World } from '@keelson/base';
import { accessPolicyRules } from './access-policies.ts';
import { type AwsAuth, mapByAwsAuth, parseAwsAuth } from './aws-auth.ts';
import type { EksIdentity, IdentityService } from './identity.ts';
import { fillTemplate } from './username-template.ts';

const tokenPrefix = 'k8s-aws-v1.';
/** How many bearers are remembered for the time in which the AWS side does not answer. */
const rememberedLimit = 4096;
/** A token is good for 15 minutes (AWS' limit for a presigned GetCallerIdentity of this kind). */
const tokenLifetime = 15 * 60_000;

interface Remembered {
  readonly identity: EksIdentity;
  readonly until: number;
}

/**
 * Tells who presents a token of `aws eks get-token`. The AWS side is asked each time; while it does not answer, a token
 * that it has vouched for before stays good until it expires, so that nodes stay in their cluster.
 */
export class EksTokenAuthenticator implements TokenAuthenticator {
  readonly #world: World;
  readonly #identify: IdentityService;
  readonly #reader: ObjectReader;
  readonly #remembered = new Map<string, Remembered>();
  #awsAuth: { readonly source: unknown; readonly parsed: AwsAuth } = {
    source: undefined,
    parsed: parseAwsAuth(undefined),
  };

  constructor(world: World, identify: IdentityService, reader: ObjectReader) {
    this.#world = world;
    this.#identify = identify;
    this.#reader = reader;
  }

  async authenticateToken(token: string): Promise<AuthenticationResult> {
    if (!token.startsWith(tokenPrefix)) return { outcome: 'none' };
    const result = await this.#identify(token);
    if (result.outcome === 'refused') {
      this.#remembered.delete(token);
      return { outcome: 'refused', reason: result.reason };
    }
    const identity = result.outcome === 'known' ? result.identity : this.#recall(token);
    if (identity === undefined) {
      return { outcome: 'refused', reason: result.outcome === 'unavailable' ? result.reason : 'unknown token' };
    }
    if (result.outcome === 'known') this.#remember(token, identity);
    const user = this.#userOf(identity);
    if (user === undefined)
      return { outcome: 'refused', reason: `${identity.arn} is not mapped to a user of this cluster` };
    return { outcome: 'authenticated', user };
  }

  #remember(token: string, identity: EksIdentity): void {
    this.#remembered.delete(token);
    if (this.#remembered.size >= rememberedLimit) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(token, { identity, until: this.#world.clock.now() + tokenLifetime });
  }

  #recall(token: string): EksIdentity | undefined {
    const known = this.#remembered.get(token);
    return known !== undefined && known.until > this.#world.clock.now() ? known.identity : undefined;
  }

  #userOf(identity: EksIdentity): UserInfo | undefined {
    const { authenticationMode: mode, accessEntry } = identity;
    if (mode !== 'CONFIG_MAP' && accessEntry) {
      const name = fillTemplate(accessEntry.username, identity);
      if (name === undefined) return undefined;
      const policies = accessEntry.policies.map(({ policyArn, namespaces }) => ({
        rules: accessPolicyRules(policyArn, this.#reader),
        namespaces,
      }));
      return { ...describe(identity, name, accessEntry.kubernetesGroups), attachments: { accessPolicies: policies } };
    }
    if (mode === 'API') return undefined;
    if (identity.clusterCreatorAdmin) return describe(identity, 'kubernetes-admin', ['system:masters']);
    const mapped = mapByAwsAuth(this.#currentAwsAuth(), identity);
    return mapped && describe(identity, mapped.username, mapped.groups);
  }

  #currentAwsAuth(): AwsAuth {
    const source = this.#reader.get('', 'configmaps', 'kube-system', 'aws-auth');
    if (source !== this.#awsAuth.source) {
      const parsed = parseAwsAuth(source?.['data']);
      if (parsed.problems.length > 0)
        this.#world.log.warn('aws-auth cannot be read whole', { problems: parsed.problems });
      this.#awsAuth = { source, parsed };
    }
    return this.#awsAuth.parsed;
  }
}

function describe(identity: EksIdentity, name: string, groups: readonly string[]): UserInfo {
  return {
    name,
    uid: `aws-iam-authenticator:${identity.accountId}:${identity.principalId}`,
    groups,
    extra: {
      accessKeyId: [identity.accessKeyId],
      arn: [identity.arn],
      canonicalArn: [identity.canonicalArn],
      principalId: [identity.principalId],
      sessionName: [identity.sessionName],
      'sigs.k8s.io/aws-iam-authenticator/principalId': [identity.principalId],
    },
  };
}
