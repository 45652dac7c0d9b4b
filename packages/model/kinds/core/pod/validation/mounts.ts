/** Where containers mount volumes. */
import {
  type FieldError,
  forbidden,
  index,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../../../field-error.ts';
import type { Fields } from '../fields.ts';
import { descendingPath, requiredText } from './scalars.ts';

export type Volumes = ReadonlyMap<string, Fields>;

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
const READ_ONLY_FORMS = ['Disabled', 'Enabled', 'IfPossible'];

function propagationErrors(at: string, mode: string, container: Fields): FieldError[] {
  const errors = PROPAGATIONS.includes(mode) ? [] : [notSupported(at, mode, PROPAGATIONS)];
  if (mode === 'Bidirectional' && container['securityContext']?.privileged !== true) {
    errors.push(forbidden(at, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  return errors;
}

function readOnlyErrors(at: string, mount: Fields): FieldError[] {
  const form: string | undefined = mount['recursiveReadOnly'];
  if (form === undefined || form === 'Disabled') return [];
  if (!READ_ONLY_FORMS.includes(form)) return [notSupported(at, form, READ_ONLY_FORMS)];
  const errors: FieldError[] = [];
  if (mount['readOnly'] !== true) errors.push(forbidden(at, 'may only be specified when readOnly is true'));
  if (mount['mountPropagation'] !== undefined && mount['mountPropagation'] !== 'None') {
    errors.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  }
  return errors;
}

function subPathErrors(list: string, at: string, mount: Fields, volume: Fields | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const [path, expression]: [string, string] = [mount['subPath'] ?? '', mount['subPathExpr'] ?? ''];
  if (volume?.['image'] !== undefined) {
    const text = 'not allowed in image volume sources';
    if (path !== '') errors.push(invalid(`${at}.subPath`, path, text));
    if (expression !== '') errors.push(invalid(`${at}.subPathExpr`, expression, text));
  }
  // These paths lack the position of the mount, as they do upstream.
  if (path !== '') errors.push(...descendingPath(`${list}.subPath`, path));
  if (expression !== '') {
    if (path !== '') {
      errors.push(invalid(`${at}.subPathExpr`, expression, 'subPathExpr and subPath are mutually exclusive'));
    }
    errors.push(...descendingPath(`${list}.subPathExpr`, expression));
  }
  return errors;
}

export function mountsErrors(list: string, container: Fields, volumes: Volumes): FieldError[] {
  const errors: FieldError[] = [];
  const mounts: Fields[] = container['volumeMounts'] ?? [];
  const devices: Fields[] = container['volumeDevices'] ?? [];
  const taken = new Set<string>();
  mounts.forEach((mount, position) => {
    const at = index(list, position);
    const name: string = mount['name'] ?? '';
    const path: string = mount['mountPath'] ?? '';
    if (name === '') errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFound(`${at}.name`, name));
    errors.push(...requiredText(`${at}.mountPath`, path));
    if (taken.has(path)) errors.push(invalid(`${at}.mountPath`, path, 'must be unique'));
    taken.add(path);
    if (devices.some((device) => device['name'] === name)) {
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device['devicePath'] === path)) {
      errors.push(invalid(`${at}.mountPath`, path, 'must not already exist as a path in volumeDevices'));
    }
    errors.push(...subPathErrors(list, at, mount, volumes.get(name)));
    if (mount['mountPropagation'] !== undefined) {
      errors.push(...propagationErrors(`${list}.mountPropagation`, mount['mountPropagation'], container));
    }
    errors.push(...readOnlyErrors(`${list}.recursiveReadOnly`, mount));
  });
  return errors;
}

export function devicesErrors(list: string, container: Fields, volumes: Volumes): FieldError[] {
  const errors: FieldError[] = [];
  const mounts: Fields[] = container['volumeMounts'] ?? [];
  const [names, paths] = [new Set<string>(), new Set<string>()];
  ((container['volumeDevices'] ?? []) as Fields[]).forEach((device, position) => {
    const at = index(list, position);
    const name: string = device['name'] ?? '';
    const path: string = device['devicePath'] ?? '';
    const volume = volumes.get(name);
    if (name === '') errors.push(required(`${at}.name`));
    if (names.has(name)) errors.push(invalid(`${at}.name`, name, 'must be unique'));
    if (volume === undefined) errors.push(notFound(`${at}.name`, name));
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined) {
      const text = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(`${at}.name`, name, text));
    }
    if (path === '') errors.push(required(`${at}.devicePath`));
    if (paths.has(path)) errors.push(invalid(`${at}.devicePath`, path, 'must be unique'));
    if (path.split('/').includes('..')) {
      errors.push(invalid(`${at}.devicePath`, path, "can not contain backsteps ('..')"));
    }
    if (mounts.some((mount) => mount['name'] === name)) {
      errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount['mountPath'] === path)) {
      errors.push(invalid(`${at}.devicePath`, path, 'must not already exist as a path in volumeMounts'));
    }
    names.add(name);
    paths.add(path);
  });
  return errors;
}
