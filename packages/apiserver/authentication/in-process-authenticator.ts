import type { HttpRequest } from '@keelson/base';
import type { AuthenticationResult, Authenticator } from './contract.ts';

/** Takes the word of a caller inside the process. No listener ever sets `peer.inProcess`, so nothing of it comes from outside. */
export class InProcessAuthenticator implements Authenticator {
  async authenticate(request: HttpRequest): Promise<AuthenticationResult> {
    const caller = request.peer.inProcess;
    if (caller === undefined) return { outcome: 'none' };
    return { outcome: 'authenticated', user: { name: caller.name, groups: caller.groups } };
  }
}
