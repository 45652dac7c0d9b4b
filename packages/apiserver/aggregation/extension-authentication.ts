import type { ApiObject } from '@keelson/model';

export const extensionAuthenticationName = 'extension-apiserver-authentication';

/**
 * The ConfigMap in kube-system that tells extension servers whom to believe: clients of the cluster's authority, and the
 * headers of whoever shows the front proxy's certificate. PEM.
 */
export function extensionAuthentication(authorities: {
  readonly client: string;
  readonly requestHeader: string;
}): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: extensionAuthenticationName, namespace: 'kube-system' },
    data: {
      'client-ca-file': authorities.client,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': authorities.requestHeader,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    },
  };
}
