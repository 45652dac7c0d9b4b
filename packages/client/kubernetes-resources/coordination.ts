import type { Lease } from '@keelson/model/generated/types/coordination-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'coordination.k8s.io';
const version = 'v1';

export const leases: ResourceRef<Lease> = { group, version, kind: 'Lease', resource: 'leases', namespaced: true };
