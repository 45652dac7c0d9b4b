import type { ApiObject } from '@keelson/model';
import { quoted } from '../authentication/quoted.ts';
import type { Authorizer } from '../authorization/contract.ts';
import type { AdmissionRequest, ObjectReader } from './contract.ts';

/**
 * Why a node may not have a token for these audiences: it may when a volume of the pod, or the CSI driver of one, asks
 * for the audience, or when it is authorised for it by name (ServiceAccountNodeAudienceRestriction).
 */
export async function audienceRefusal(
  reader: ObjectReader,
  authorizer: Authorizer,
  request: AdmissionRequest,
  pod: Readonly<ApiObject>,
  audiences: readonly string[],
): Promise<string | undefined> {
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences';
  const audience = audiences[0] ?? '';
  const volumes: readonly Record<string, any>[] = pod['spec']?.volumes ?? [];
  if (volumes.some((volume) => asksFor(reader, pod, volume, audience))) return undefined;
  const result = await authorizer.authorize({
    user: request.user,
    verb: 'request-serviceaccounts-token-audience',
    resourceRequest: true,
    namespace: request.namespace,
    apiGroup: '',
    apiVersion: 'v1',
    resource: audience,
    subresource: '',
    name: request.name,
    path: '',
  });
  if (result.decision === 'allow') return undefined;
  return `audience ${quoted(audience)} not found in pod spec volume, ${request.user.name} is not authorized to request tokens for this audience`;
}

function asksFor(
  reader: ObjectReader,
  pod: Readonly<ApiObject>,
  volume: Readonly<Record<string, any>>,
  audience: string,
): boolean {
  for (const source of volume['projected']?.sources ?? []) {
    if (source.serviceAccountToken !== undefined && (source.serviceAccountToken.audience ?? '') === audience)
      return true;
  }
  const driver = driverOf(reader, pod, volume);
  const requests: readonly { audience?: string }[] =
    driver === undefined ? [] : (reader.get('storage.k8s.io', 'csidrivers', '', driver)?.['spec']?.tokenRequests ?? []);
  return requests.some((wanted) => (wanted.audience ?? '') === audience);
}

function driverOf(
  reader: ObjectReader,
  pod: Readonly<ApiObject>,
  volume: Readonly<Record<string, any>>,
): string | undefined {
  if (volume['csi'] !== undefined) return volume['csi'].driver;
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const claim: string | undefined =
    volume['persistentVolumeClaim']?.claimName ?? (volume['ephemeral'] && `${name}-${volume['name']}`);
  if (claim === undefined) return undefined;
  const bound = reader.get('', 'persistentvolumeclaims', namespace, claim)?.['spec']?.volumeName;
  return bound === undefined ? undefined : reader.get('', 'persistentvolumes', '', bound)?.['spec']?.csi?.driver;
}
