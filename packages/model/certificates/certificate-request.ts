/** PKCS #10 certificate requests (RFC 2986): who asks for a certificate, for which key, and that he has that key. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { bitStringBytes, DerError, expectTag, identifierText, readElement, readElements, tags } from './der.ts';

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** The subject as it stands in the request, DER. */
  readonly subject: Uint8Array;
  readonly publicKey: KeyObject;
  readonly names: AlternativeNames;
  /** The extension subjectAltName as it stands in the request, DER; absent when there is none. */
  readonly alternativeNames?: Uint8Array;
}

export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

/** What is wrong with a request; the message is as kube-apiserver's, as far as it is not Go's own parser's. */
export class CertificateRequestError extends Error {}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ALTERNATIVE_NAME = '2.5.29.17';
/** Nothing sensible is longer. */
const LONGEST = 64 * 1024;

const digests: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/**
 * The one PEM block of this type in `text`.
 * @throws CertificateRequestError
 */
function pemBlock(text: string, type: string): Uint8Array {
  const match = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\s]*?)-----END \1-----/.exec(text);
  if (match === null || match[1] !== type) throw new CertificateRequestError(`PEM block type must be ${type}`);
  return new Uint8Array(Buffer.from(match[2]!, 'base64'));
}

/**
 * Reads a request and checks its signature.
 * @param pem `-----BEGIN CERTIFICATE REQUEST-----…`, as spec.request of a CertificateSigningRequest holds it
 * @throws CertificateRequestError
 */
export function readCertificateRequest(pem: string): CertificateRequest {
  if (pem.length > LONGEST) throw new CertificateRequestError('the certificate request is too long');
  const bytes = pemBlock(pem, 'CERTIFICATE REQUEST');
  try {
    return readDer(bytes);
  } catch (error) {
    if (error instanceof DerError) throw new CertificateRequestError(error.message);
    throw error;
  }
}

function readDer(bytes: Uint8Array): CertificateRequest {
  const outer = expectTag(readElement(bytes), tags.sequence);
  if (outer.whole.length !== bytes.length) throw new DerError('asn1: syntax error: trailing data');
  const [body, algorithm, signature] = readElements(outer.content);
  const [, subject, key, attributes] = readElements(expectTag(body, tags.sequence).content);
  const publicKey = keyOf(expectTag(key, tags.sequence).whole);
  const identifier = expectTag(readElements(expectTag(algorithm, tags.sequence).content)[0], tags.identifier);
  checkSignature(
    body!.whole,
    identifierText(identifier.content),
    publicKey,
    bitStringBytes(expectTag(signature, tags.bitString)),
  );
  const alternativeNames = attributes === undefined ? undefined : findAlternativeNames(attributes.content);
  return {
    ...subjectOf(expectTag(subject, tags.sequence).content),
    subject: subject!.whole,
    publicKey,
    names: namesOf(alternativeNames),
    ...(alternativeNames === undefined ? {} : { alternativeNames }),
  };
}

function keyOf(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw new CertificateRequestError('x509: unsupported public key');
  }
}

function checkSignature(signed: Uint8Array, algorithm: string, key: KeyObject, signature: Uint8Array): void {
  const digest = Object.hasOwn(digests, algorithm) ? digests[algorithm] : undefined;
  if (digest === undefined) {
    throw new CertificateRequestError('x509: cannot verify signature: algorithm unimplemented');
  }
  let good = false;
  try {
    good = verify(digest, signed, key, signature);
  } catch {
    // A key of another sort than the signature's: not signed with it.
  }
  if (!good) throw new CertificateRequestError('x509: certificate request signature verification failure');
}

/** The attributes of a distinguished name that Kubernetes reads: user and groups. */
function subjectOf(content: Uint8Array): { commonName: string; organizations: string[] } {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of readElements(content)) {
    for (const attribute of readElements(expectTag(set, tags.set).content)) {
      const [type, value] = readElements(expectTag(attribute, tags.sequence).content);
      const name = identifierText(expectTag(type, tags.identifier).content);
      const text = Buffer.from(value?.content ?? new Uint8Array()).toString();
      if (name === COMMON_NAME) commonName = text;
      if (name === ORGANIZATION) organizations.push(text);
    }
  }
  return { commonName, organizations };
}

/** The value of the extension subjectAltName among the attributes of a request. */
function findAlternativeNames(content: Uint8Array): Uint8Array | undefined {
  for (const attribute of readElements(content)) {
    const [type, values] = readElements(expectTag(attribute, tags.sequence).content);
    if (identifierText(expectTag(type, tags.identifier).content) !== EXTENSION_REQUEST) continue;
    const list = expectTag(readElements(expectTag(values, tags.set).content)[0], tags.sequence);
    for (const extension of readElements(list.content)) {
      const parts = readElements(expectTag(extension, tags.sequence).content);
      if (identifierText(expectTag(parts[0], tags.identifier).content) !== ALTERNATIVE_NAME) continue;
      return expectTag(parts.at(-1), tags.octetString).content;
    }
  }
  return undefined;
}

function namesOf(extension: Uint8Array | undefined): AlternativeNames {
  const names = { dns: [] as string[], addresses: [] as string[], emails: [] as string[], uris: [] as string[] };
  if (extension === undefined) return names;
  for (const { tag, content } of readElements(expectTag(readElement(extension), tags.sequence).content)) {
    const text = Buffer.from(content).toString('latin1');
    if (tag === 0x81) names.emails.push(text);
    if (tag === 0x82) names.dns.push(text);
    if (tag === 0x86) names.uris.push(text);
    if (tag === 0x87) names.addresses.push(addressText(content));
  }
  return names;
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) throw new DerError('x509: cannot parse IP address');
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! * 256 + bytes[i + 1]!).toString(16));
  return groups.join(':');
}
