import type { ApiObject, Resource } from '@keelson/model';
import type { UserInfo } from '../authentication/contract.ts';
import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from './contract.ts';

const jane: UserInfo = { name: 'jane', groups: ['devs'] };

/** `pods`, `leases.coordination.k8s.io`: a resource with what admission looks at. */
function resourceOf(text: string): Resource {
  const [resource = '', ...group] = text.split('.');
  return {
    group: group.join('.'),
    version: 'v1',
    kind: '',
    resource,
    singular: '',
    namespaced: true,
    verbs: [],
    shortNames: [],
    categories: [],
    subresources: {},
    type: '',
    storage: { group: group.join('.'), version: 'v1' },
    strategy: { apiVersion: 'v1', kind: '' },
  };
}

/** A write for tests: `CREATE pods`, `UPDATE pods/status`; the name and namespace are the object's unless given. */
export function writeRequest(
  what: string,
  more: Partial<Omit<AdmissionRequest, 'operation' | 'resource' | 'subresource'>> = {},
): AdmissionRequest {
  const [operation, target = ''] = what.split(' ') as [AdmissionRequest['operation'], string];
  const slash = target.indexOf('/');
  const object: Readonly<ApiObject> | undefined = more.object ?? more.previous;
  return {
    operation,
    resource: resourceOf(slash < 0 ? target : target.slice(0, slash)),
    subresource: slash < 0 ? '' : target.slice(slash + 1),
    namespace: object?.metadata?.namespace ?? '',
    name: object?.metadata?.name ?? '',
    user: jane,
    dryRun: false,
    warnings: [],
    ...more,
  };
}

/** The refusal's text of both phases, or undefined when the write is admitted. */
export async function refusalOf(
  plugin: AdmissionPlugin,
  request: AdmissionRequest,
): Promise<AdmissionError | undefined> {
  try {
    await plugin.mutate?.(request);
    await plugin.validate?.(request);
  } catch (thrown) {
    if (thrown instanceof AdmissionError) return thrown;
    throw thrown;
  }
  return undefined;
}
