import type { ApiObject } from '@keelson/model';
import { badRequest, notFound } from '../request/status-error.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';

const pods = { group: '', resource: 'pods' };

/** @throws StatusError 404 */
export function podOf(caches: ResourceCaches, namespace: string, name: string): Readonly<ApiObject> {
  const pod = caches.get('', 'pods', namespace, name);
  if (pod === undefined) throw notFound(pods, name);
  return pod;
}

/** The Node that the pod is on; undefined when it is on none yet. @throws StatusError 404 */
export function nodeOf(caches: ResourceCaches, pod: Readonly<ApiObject>): Readonly<ApiObject> | undefined {
  const name: string = pod['spec']?.nodeName ?? '';
  if (name === '') return undefined;
  const node = caches.get('', 'nodes', '', name);
  if (node === undefined) throw notFound({ group: '', resource: 'nodes' }, name);
  return node;
}

function names(list: { name: string }[] | undefined): string[] {
  return (list ?? []).map(({ name }) => name);
}

/** The container that is meant: the one named, or the only one. @throws StatusError 400 */
export function containerOf(pod: Readonly<ApiObject>, wanted: string): string {
  const { containers, initContainers, ephemeralContainers } = pod['spec'] ?? {};
  const main = names(containers);
  const initial = names(initContainers);
  const name = pod.metadata!.name;
  if (wanted !== '') {
    if ([...main, ...initial, ...names(ephemeralContainers)].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  if (main.length === 1) return main[0]!;
  const choice = main.length === 0 ? '' : `, choose one of: [${main.join(' ')}]`;
  const more = initial.length === 0 ? '' : ` or one of the init containers: [${initial.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${name}${choice}${more}`);
}
