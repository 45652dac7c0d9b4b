import type { ControlPlane } from '@keelson/model/region/object-types.ts';
import type { ResourceRef } from '../client.ts';

const group = 'control.keelson.dev';
const version = 'v1';

export const controlPlanes: ResourceRef<ControlPlane> = {
  group,
  version,
  kind: 'ControlPlane',
  resource: 'controlplanes',
  namespaced: false,
};
