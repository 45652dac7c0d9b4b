import { type FieldError, forbidden, index, invalid, required } from '../../../../field-error.ts';
import { labelSelectorErrors } from '../../../../selectors/validate-label-selector.ts';
import type { Fields } from '../fields.ts';
import { fileMode, requiredText, unreservedPath } from './scalars.ts';
import { downwardFileErrors, keyToPathErrors } from './volume-files.ts';

const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;

/** Two sources that put a file at the same place. */
class Paths {
  readonly #taken = new Set<string>();

  claim(at: string, path: string, shown: string): FieldError[] {
    if (path === '') return [];
    if (this.#taken.has(path)) return [invalid(at, shown, 'conflicting duplicate paths')];
    this.#taken.add(path);
    return [];
  }
}

function keyedErrors(volume: string, at: string, source: Fields, paths: Paths): FieldError[] {
  return [
    ...requiredText(`${at}.name`, source['name']),
    ...((source['items'] ?? []) as Fields[]).flatMap((item, position) => [
      ...keyToPathErrors(index(`${at}.items`, position), item),
      ...paths.claim(volume, item['path'] ?? '', source['name'] ?? ''),
    ]),
  ];
}

function tokenErrors(volume: string, at: string, token: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const seconds: number = token['expirationSeconds'] ?? 0;
  const field = `${at}.expirationSeconds`;
  if (seconds < SHORTEST_SECONDS) {
    errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'));
  }
  if (seconds > LONGEST_SECONDS) {
    errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  const path: string = token['path'] ?? '';
  return [...errors, ...(path === '' ? [required(`${volume}.path`)] : unreservedPath(`${volume}.path`, path))];
}

function bundleErrors(volume: string, at: string, bundle: Fields, paths: Paths): FieldError[] {
  const errors: FieldError[] = [];
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(at, bundle, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (name === '') errors.push(required(`${at}.name`, 'must be a valid object name'));
    if (labelSelector !== undefined) {
      const text = 'labelSelector must be unset if name is specified';
      errors.push(invalid(`${at}.labelSelector`, labelSelector, text));
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(`${at}.signerName`, 'must be a valid signer name'));
    errors.push(...labelSelectorErrors(`${at}.labelSelector`, labelSelector));
  } else {
    errors.push(required(at, 'either name or signerName must be specified'));
  }
  const path: string = bundle['path'] ?? '';
  return [
    ...errors,
    ...requiredText(`${at}.path`, path),
    ...unreservedPath(`${at}.path`, path),
    ...paths.claim(volume, path, path),
  ];
}

/** A volume that several sources fill. */
export function projectedErrors(at: string, volume: Fields): FieldError[] {
  const errors = fileMode(`${at}.defaultMode`, volume['defaultMode']);
  const paths = new Paths();
  ((volume['sources'] ?? []) as Fields[]).forEach((source, position) => {
    const field = index(`${at}.sources`, position);
    for (const kind of ['secret', 'configMap']) {
      if (source[kind] !== undefined) errors.push(...keyedErrors(at, `${field}.${kind}`, source[kind], paths));
    }
    for (const file of (source['downwardAPI']?.items ?? []) as Fields[]) {
      errors.push(...downwardFileErrors(`${field}.downwardAPI`, file));
      errors.push(...paths.claim(at, file['path'] ?? '', file['path'] ?? ''));
    }
    const token = source['serviceAccountToken'];
    if (token !== undefined) errors.push(...tokenErrors(at, `${field}.serviceAccountToken`, token));
    const bundle = source['clusterTrustBundle'];
    if (bundle !== undefined) errors.push(...bundleErrors(at, `${field}.clusterTrustBundle`, bundle, paths));
    if (Object.values(source).filter((value) => value !== undefined).length > 1) {
      errors.push(forbidden(field, 'may not specify more than 1 volume type per source'));
    }
  });
  return errors;
}
