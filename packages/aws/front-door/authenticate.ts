import {
  type AwsError,
  type Protocol,
  type ServiceTable,
  type SignatureReading,
  type Verification,
  verifySignature,
  verifyTime,
} from '@keelson/aws-protocol';
import type { HttpRequest } from '@keelson/base';
import type { Principal } from '../principal.ts';
import type { CredentialSource } from '../service.ts';

/** Services that have one endpoint for all regions and are signed for us-east-1. */
const globalServices = new Set(['iam', 'sts']);
const globalRegion = 'us-east-1';

export interface AuthenticationOptions {
  readonly table: ServiceTable;
  readonly protocol: Protocol;
  readonly credentials: CredentialSource;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Who signed the request. @throws AwsError in the words of the service when nobody who is known did. */
export async function authenticate(
  request: HttpRequest,
  reading: SignatureReading,
  options: AuthenticationOptions,
): Promise<Principal> {
  const { table, protocol, now } = options;
  if (reading.outcome === 'none') throw protocol.commonError(table, 'missingAuthentication');
  if (reading.outcome === 'incomplete') throw protocol.commonError(table, 'incompleteSignature', reading.reason);
  const { signed } = reading;
  const { region, service } = signed.scope;
  const regionFits = region === options.region || (globalServices.has(service) && region === globalRegion);
  if (!regionFits)
    throw protocol.commonError(table, 'wrongSignature', 'Credential should be scoped to a valid region. ');
  refuseUnlessGood(verifyTime(signed, now), options);
  const known = await options.credentials.resolve(signed.accessKeyId, signed.sessionToken, now);
  if (known.outcome === 'unknown') throw protocol.commonError(table, 'unknownKey');
  if (known.outcome === 'expired') throw protocol.commonError(table, 'expiredToken');
  if (known.outcome === 'invalid') throw protocol.commonError(table, 'invalidToken');
  refuseUnlessGood(verifySignature(request, signed, known.secretAccessKey), options);
  options.credentials.noteUse(signed.accessKeyId, { service, region, now });
  return known.principal;
}

function refuseUnlessGood(verification: Verification, { table, protocol }: AuthenticationOptions): void {
  if (verification.outcome === 'good') return;
  const error: AwsError =
    verification.outcome === 'expired'
      ? protocol.commonError(table, 'expiredRequest', verification.reason)
      : protocol.commonError(table, 'wrongSignature', verification.reason);
  throw error;
}
