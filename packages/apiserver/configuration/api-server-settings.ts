/**
 * What a user may set of one cluster's API server: kube-apiserver's options of the same names
 * (https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/). Files are named by absolute paths;
 * those of authentication, authorisation and encryption are read anew while the server runs.
 */
export interface ApiServerSettings {
  /** --authentication-config: an AuthenticationConfiguration of apiserver.config.k8s.io. */
  readonly authenticationConfig?: string;
  /** --anonymous-auth. By default anonymous requests count at the health endpoints alone. */
  readonly anonymousAuth?: boolean;
  /** --enable-bootstrap-token-auth. On by default: no token exists before somebody makes one. */
  readonly enableBootstrapTokenAuth?: boolean;
  /** --authentication-token-webhook-config-file: a kubeconfig. */
  readonly authenticationTokenWebhookConfigFile?: string;
  /** --authentication-token-webhook-cache-ttl: `2m` by default. */
  readonly authenticationTokenWebhookCacheTtl?: string;
  /** --requestheader-client-ca-file: PEM of the authority of proxies in front of the server. */
  readonly requestheaderClientCaFile?: string;
  readonly requestheaderAllowedNames?: readonly string[];
  readonly requestheaderUsernameHeaders?: readonly string[];
  readonly requestheaderUidHeaders?: readonly string[];
  readonly requestheaderGroupHeaders?: readonly string[];
  readonly requestheaderExtraHeadersPrefix?: readonly string[];
  /** --authorization-config: an AuthorizationConfiguration of apiserver.config.k8s.io. */
  readonly authorizationConfig?: string;
  /** --encryption-provider-config: an EncryptionConfiguration of apiserver.config.k8s.io. */
  readonly encryptionProviderConfig?: string;
  /** --audit-policy-file: a Policy of audit.k8s.io. Without it, or without a log, nothing is told. */
  readonly auditPolicyFile?: string;
  /** --audit-log-path; `-` is the standard output. */
  readonly auditLogPath?: string;
  /** --audit-log-maxage: days; 0 by default: for ever. */
  readonly auditLogMaxage?: number;
  /** --audit-log-maxbackup: files; 0 by default: all. */
  readonly auditLogMaxbackup?: number;
  /** --audit-log-maxsize: MiB; 100 by default. */
  readonly auditLogMaxsize?: number;
  /** --tls-min-version: `VersionTLS12` (the default) or `VersionTLS13`. */
  readonly tlsMinVersion?: string;
  /** --tls-cipher-suites, for TLS 1.2: by their IANA names, the first preferred. */
  readonly tlsCipherSuites?: readonly string[];
}
