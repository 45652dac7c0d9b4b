/** dataSource and dataSourceRef: two fields that say the same, one older and narrower than the other. */
import type { Fields } from '../pod/fields.ts';

function isClaimOrSnapshot(source: Fields): boolean {
  const group: string = source['apiGroup'] ?? '';
  if (group === '') return source['kind'] === 'PersistentVolumeClaim';
  return group === 'snapshot.storage.k8s.io' && source['kind'] === 'VolumeSnapshot';
}

/** The older field never took anything but a claim or a snapshot: it is dropped, as it always was. */
export function dropOtherSource(spec: Fields): void {
  if (spec['dataSource'] !== undefined && !isClaimOrSnapshot(spec['dataSource'])) delete spec['dataSource'];
}

/** Whoever gives one of the two means both. */
export function alignDataSources(spec: Fields): void {
  const [source, reference]: [Fields | undefined, Fields | undefined] = [spec['dataSource'], spec['dataSourceRef']];
  if (source !== undefined && reference === undefined) spec['dataSourceRef'] = { ...source };
  if (reference !== undefined && source === undefined && (reference['namespace'] ?? '') === '') {
    const { namespace: _, ...same } = reference;
    spec['dataSource'] = same;
  }
}
