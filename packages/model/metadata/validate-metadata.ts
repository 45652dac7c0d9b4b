/** The rules of metadata that hold for every kind (k8s.io/apimachinery/pkg/api/validation, objectmeta). */
import { child, type FieldError, forbidden, invalid, required, tooLong } from '../field-error.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../object.ts';
import {
  dnsLabelProblems,
  generateNameProblems,
  labelValueProblems,
  type NameForm,
  nameProblems,
  qualifiedNameProblems,
} from './names.ts';
import { sameValue } from './same-value.ts';

export interface MetadataRules {
  readonly namespaced: boolean;
  /** By default dnsSubdomain. */
  readonly nameForm?: NameForm;
  /** Finalizers need no domain in front. */
  readonly plainFinalizers?: boolean;
}

export const IMMUTABLE = 'field is immutable';
const ANNOTATIONS_LIMIT = 256 * 1024;
const MANAGER_LIMIT = 128;
const SUBRESOURCE_LIMIT = 256;
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** `invalid` with `field is immutable` unless both values are the same; absent, null and empty are one. */
export function immutable(field: string, value: unknown, previous: unknown): FieldError[] {
  return sameValue(value, previous) ? [] : [invalid(field, value, IMMUTABLE)];
}

export function labelKeyErrors(field: string, name: string): FieldError[] {
  return qualifiedNameProblems(name).map((problem) => invalid(field, name, problem));
}

export function labelsErrors(field: string, labels: Readonly<Record<string, string>> | undefined): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([name, value]) => [
    ...labelKeyErrors(field, name),
    ...labelValueProblems(value).map((problem) => invalid(field, value, problem)),
  ]);
}

export function annotationsErrors(
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [name, value] of Object.entries(annotations ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
    errors.push(...qualifiedNameProblems(name.toLowerCase()).map((problem) => invalid(field, name, problem)));
  }
  if (size > ANNOTATIONS_LIMIT) errors.push(tooLong(field, ANNOTATIONS_LIMIT));
  return errors;
}

function ownerReferenceErrors(field: string, reference: OwnerReference): FieldError[] {
  const errors: FieldError[] = [];
  const parts = (reference.apiVersion ?? '').split('/');
  if (parts.length > 2 || parts.at(-1) === '') {
    errors.push(invalid(child(field, 'apiVersion'), reference.apiVersion ?? '', 'version must not be empty'));
  }
  for (const name of ['kind', 'name', 'uid'] as const) {
    if ((reference[name] ?? '') === '') errors.push(invalid(child(field, name), '', 'must not be empty'));
  }
  if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
    errors.push(invalid(field, reference, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

function ownerReferencesErrors(field: string, references: readonly OwnerReference[]): FieldError[] {
  const errors: FieldError[] = [];
  let first: string | undefined;
  for (const reference of references) {
    errors.push(...ownerReferenceErrors(field, reference));
    if (reference.controller !== true) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (first === undefined) {
      first = name;
      continue;
    }
    const text = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${name}`;
    errors.push(invalid(field, references, text));
  }
  return errors;
}

/** Finalizers are qualified names; a bare one must be among those that Kubernetes itself defines, unless `plain` ones do. */
export function finalizersErrors(field: string, finalizers: readonly string[], plain = false): FieldError[] {
  const errors: FieldError[] = [];
  finalizers.forEach((name, position) => {
    errors.push(...qualifiedNameProblems(name).map((problem) => invalid(field, name, problem)));
    if (!plain && !name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
      const text = 'name is neither a standard finalizer name nor is it fully qualified';
      errors.push(invalid(`${field}[${position}]`, name, text));
    }
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalid(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function managedFieldsErrors(field: string, entries: readonly ManagedFieldsEntry[]): FieldError[] {
  return entries.flatMap((entry, position) => {
    const at = `${field}[${position}]`;
    const errors: FieldError[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(child(at, 'operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(child(at, 'fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...fieldManagerErrors(child(at, 'manager'), entry.manager ?? ''));
    if (Buffer.byteLength(entry.subresource ?? '') > SUBRESOURCE_LIMIT) {
      errors.push(tooLong(child(at, 'subresource'), SUBRESOURCE_LIMIT));
    }
    return errors;
  });
}

/** The name of a field manager: at most 128 bytes, printable. */
export function fieldManagerErrors(field: string, manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > MANAGER_LIMIT) errors.push(tooLong(field, MANAGER_LIMIT));
  let position = 0;
  for (const character of manager) {
    if (character !== ' ' && /[\p{C}\p{Z}]/u.test(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
      errors.push(invalid(field, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(character);
  }
  return errors;
}

function common(meta: Readonly<ObjectMeta>, plainFinalizers: boolean | undefined): FieldError[] {
  return [
    ...labelsErrors('metadata.labels', meta.labels),
    ...annotationsErrors('metadata.annotations', meta.annotations),
    ...ownerReferencesErrors('metadata.ownerReferences', meta.ownerReferences ?? []),
    ...finalizersErrors('metadata.finalizers', meta.finalizers ?? [], plainFinalizers),
    ...(Array.isArray(meta.managedFields) ? managedFieldsErrors('metadata.managedFields', meta.managedFields) : []),
  ];
}

/** Everything wrong with the metadata of a new object, after its name was generated. */
export function validateObjectMeta(meta: Readonly<ObjectMeta>, rules: MetadataRules): FieldError[] {
  const form = rules.nameForm ?? 'dnsSubdomain';
  const errors: FieldError[] = [];
  const prefix = meta.generateName ?? '';
  if (prefix !== '') {
    errors.push(...generateNameProblems(form, prefix).map((text) => invalid('metadata.generateName', prefix, text)));
  }
  const name = meta.name ?? '';
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else errors.push(...nameProblems(form, name).map((text) => invalid('metadata.name', name, text)));
  const namespace = meta.namespace ?? '';
  if (!rules.namespaced) {
    if (namespace !== '') errors.push(forbidden('metadata.namespace', 'not allowed on this type'));
  } else if (namespace === '') {
    errors.push(required('metadata.namespace'));
  } else {
    errors.push(...dnsLabelProblems(namespace).map((text) => invalid('metadata.namespace', namespace, text)));
  }
  if ((meta.generation ?? 0) < 0) {
    errors.push(invalid('metadata.generation', meta.generation, 'must be greater than or equal to 0'));
  }
  return [...errors, ...common(meta, rules.plainFinalizers)];
}

/**
 * Everything wrong with a change of metadata. Whether an update must carry a resourceVersion is the server's question,
 * since it knows which kinds may be written unconditionally.
 */
export function validateObjectMetaUpdate(
  meta: Readonly<ObjectMeta>,
  previous: Readonly<ObjectMeta>,
  rules: Pick<MetadataRules, 'plainFinalizers'> = {},
): FieldError[] {
  const errors: FieldError[] = [];
  const finalizers = meta.finalizers ?? [];
  if (previous.deletionTimestamp !== undefined) {
    const extra = finalizers.filter((name) => !(previous.finalizers ?? []).includes(name)).sort();
    if (extra.length > 0) {
      const list = `[]string{${extra.map((name) => JSON.stringify(name)).join(', ')}}`;
      const text = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
      errors.push(forbidden('metadata.finalizers', text));
    }
  }
  if ((meta.generation ?? 0) < (previous.generation ?? 0)) {
    errors.push(invalid('metadata.generation', meta.generation ?? 0, 'must not be decremented'));
  }
  for (const name of [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ] as const) {
    errors.push(...immutable(`metadata.${name}`, meta[name], previous[name]));
  }
  return [...errors, ...common(meta, rules.plainFinalizers)];
}
