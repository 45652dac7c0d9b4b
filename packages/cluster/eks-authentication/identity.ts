/**
 * Who presented an EKS token, as the AWS side knows it. The cluster asks for it with each token, so that a key that was
 * deleted is refused from the next call on; what it means in this cluster is decided here, not there.
 */
export interface EksIdentity {
  /** As GetCallerIdentity tells it: for a role `arn:aws:sts::…:assumed-role/NAME/SESSION`. */
  readonly arn: string;
  /** The principal behind the session, without its path: `arn:aws:iam::…:role/NAME`. */
  readonly canonicalArn: string;
  readonly accountId: string;
  /** `AROA…`, `AIDA…`: it stays with the principal when its name is given to another. */
  readonly principalId: string;
  /** Of an assumed role; empty for a user. */
  readonly sessionName: string;
  readonly accessKeyId: string;
  /** How the cluster decides who gets in. */
  readonly authenticationMode: AuthenticationMode;
  /** It made the cluster in CONFIG_MAP mode, with administrator permissions. */
  readonly clusterCreatorAdmin: boolean;
  readonly accessEntry?: AccessEntryGrant;
  /** The private DNS name of the instance that the session is named after, for {{EC2PrivateDNSName}}. */
  readonly privateDnsName?: string;
}

export type AuthenticationMode = 'API' | 'API_AND_CONFIG_MAP' | 'CONFIG_MAP';

/** What an access entry gives its principal. */
export interface AccessEntryGrant {
  /** May hold the templates of aws-auth: `system:node:{{EC2PrivateDNSName}}`. */
  readonly username: string;
  readonly kubernetesGroups: readonly string[];
  readonly policies: readonly AssociatedPolicy[];
}

export interface AssociatedPolicy {
  readonly policyArn: string;
  /** `*` for the whole cluster. Namespaces may hold `*` as a wildcard. */
  readonly namespaces: readonly string[] | '*';
}

/** Resolves a token's bearer, or tells why not; `unavailable` when the AWS side does not answer. */
export type IdentityService = (token: string) => Promise<IdentityResult>;

export type IdentityResult =
  | { readonly outcome: 'known'; readonly identity: EksIdentity }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'unavailable'; readonly reason: string };
