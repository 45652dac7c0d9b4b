import type { HttpRequest } from '@keelson/base';

/** Who is asking (authentication.k8s.io/v1 UserInfo). */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /**
   * What the authenticator knows for the authorisers of the same server and no one else sees: EKS access policies
   * ride here.
   */
  readonly attachments?: Readonly<Record<string, unknown>>;
}

export type AuthenticationResult =
  | { readonly outcome: 'authenticated'; readonly user: UserInfo; readonly audiences?: readonly string[] }
  /** This authenticator finds no credentials of its kind; the next one is asked. */
  | { readonly outcome: 'none' }
  /** Credentials of its kind, and they are bad; the others may still know them, at the end it is 401. */
  | { readonly outcome: 'refused'; readonly reason: string };

/** One way to tell who is asking. Never rejects. */
export interface Authenticator {
  authenticate(request: HttpRequest): Promise<AuthenticationResult>;
}

/** A bearer token's reader: what an Authenticator for the Authorization header and TokenReview both ask. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences?: readonly string[]): Promise<AuthenticationResult>;
}
