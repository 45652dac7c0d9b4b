import { X509Certificate } from 'node:crypto';
import { CertificateRequestError, readCertificateRequest } from '../../../certificates/certificate-request.ts';
import { signerNameErrors } from '../../../certificates/signer-name.ts';
import { duplicate, type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { Fields } from '../../core/pod/fields.ts';

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const SHORTEST_SECONDS = 600;
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const DECISIONS = ['Approved', 'Denied'];
const FINAL = [...DECISIONS, 'Failed'];

export function conditionsOf(object: Readonly<ApiObject>): Fields[] {
  return object['status']?.conditions ?? [];
}

function requestErrors(request: string): FieldError[] {
  try {
    readCertificateRequest(Buffer.from(request, 'base64').toString('latin1'));
    return [];
  } catch (error) {
    if (!(error instanceof CertificateRequestError)) throw error;
    return [invalid('spec.request', request, error.message)];
  }
}

function usageErrors(at: string, usages: readonly string[]): FieldError[] {
  const seen = new Set<string>();
  const repeated: FieldError[] = [];
  usages.forEach((usage, i) => {
    if (seen.has(usage)) repeated.push(duplicate(index(at, i), usage));
    seen.add(usage);
  });
  return [
    ...(usages.length === 0 ? [required(at)] : []),
    ...usages.flatMap((usage, i) => (USAGES.includes(usage) ? [] : [notSupported(index(at, i), usage, USAGES)])),
    ...repeated,
  ];
}

function conditionsErrors(conditions: readonly Fields[]): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const at = index('status.conditions', i);
    const { type = '', status = '' } = condition as { type?: string; status?: string };
    const errors: FieldError[] = type === '' ? [required(`${at}.type`)] : [];
    const allowed = FINAL.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(`${at}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${at}.status`, status, allowed));
    const other = type === 'Approved' ? 'Denied' : 'Approved';
    if (DECISIONS.includes(type) && seen.has(other)) {
      errors.push(invalid(`${at}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type)) errors.push(duplicate(`${at}.type`, type));
    seen.add(type);
    return errors;
  });
}

/** One or more certificates in PEM, and nothing else between them. */
function certificateErrors(encoded: string): FieldError[] {
  if (encoded === '') return [];
  const fail = (text: string) => [invalid('status.certificate', '<certificate data>', text)];
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----\r?\n([^-]*)-----END \1-----/g)];
  if (blocks.length === 0) return fail('must contain at least one CERTIFICATE PEM block');
  for (const [whole, type, body] of blocks) {
    if (type !== 'CERTIFICATE') return fail(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
    if (body!.includes(':')) return fail('no PEM block headers are permitted');
    try {
      new X509Certificate(whole);
    } catch {
      return fail('x509: malformed certificate');
    }
  }
  return [];
}

function standingErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject> | undefined): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const signer: string = spec['signerName'] ?? '';
  const seconds: number | undefined = spec['expirationSeconds'];
  const errors = [...requestErrors(spec['request'] ?? ''), ...usageErrors('spec.usages', spec['usages'] ?? [])];
  if (signer === LEGACY_SIGNER && previous?.['spec']?.signerName !== LEGACY_SIGNER) {
    errors.push(invalid('spec.signerName', signer, 'the legacy signerName is not allowed via this API version'));
  } else {
    errors.push(...signerNameErrors('spec.signerName', signer));
  }
  if (seconds !== undefined && seconds < SHORTEST_SECONDS) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', seconds, text));
  }
  errors.push(...conditionsErrors(conditionsOf(object)));
  const certificate: string = object['status']?.certificate ?? '';
  if (certificate !== (previous?.['status']?.certificate ?? '')) errors.push(...certificateErrors(certificate));
  return errors;
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  return standingErrors(object, undefined);
}

/** What an update may do beyond what any update may. */
interface Rights {
  readonly decide: boolean;
  readonly issue: boolean;
}

function changeErrors(object: Readonly<ApiObject>, previous: Readonly<ApiObject>, rights: Rights): FieldError[] {
  const errors = standingErrors(object, previous);
  const of = (one: Readonly<ApiObject>, type: string) =>
    conditionsOf(one).filter((condition) => condition['type'] === type);
  for (const type of FINAL) {
    const [now, before] = [of(object, type), of(previous, type)];
    const text = (verb: string) => `updates may not ${verb} a condition of type "${type}"`;
    if (now.length < before.length) errors.push(forbidden('status.conditions', text('remove')));
    else if (rights.decide || !DECISIONS.includes(type)) continue;
    else if (now.length > before.length) errors.push(forbidden('status.conditions', text('add')));
    else if (!sameValue(now, before)) errors.push(forbidden('status.conditions', `${text('modify')}\n`));
  }
  const [certificate, was]: [string, string] = [
    object['status']?.certificate ?? '',
    previous['status']?.certificate ?? '',
  ];
  if (certificate === was) return errors;
  if (!rights.issue) errors.push(forbidden('status.certificate', 'updates may not set certificate content'));
  else if (was !== '') {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'));
  }
  return errors;
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return changeErrors(object, previous, { decide: false, issue: false });
}

export function validateStatusUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return changeErrors(object, previous, { decide: false, issue: true });
}

export function validateApproval(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return changeErrors(object, previous, { decide: true, issue: false });
}
