import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { World } from '@keelson/base';
import * as asn1 from 'asn1js';

/** A certificate and its private key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says of its holder. */
export interface CertificateRequest {
  readonly commonName: string;
  /** What Kubernetes reads as groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: 'server' | 'client' | 'serverAndClient';
  /** Milliseconds from now. It begins five minutes ago, for clocks that disagree. */
  readonly lifetime: number;
}

export const oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
};

const clockSkew = 5 * 60_000;

export const sequence = (...value: asn1.AsnType[]) => new asn1.Sequence({ value: value as asn1.BaseBlock[] });
export const identifier = (value: string) => new asn1.ObjectIdentifier({ value });
const octets = (bytes: Uint8Array) => new asn1.OctetString({ valueHex: exact(bytes) });

export function exact(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function attribute(type: string, value: string): asn1.Set {
  return new asn1.Set({ value: [sequence(identifier(type), new asn1.Utf8String({ value }))] });
}

export function distinguishedName(commonName: string, organizations: readonly string[]): asn1.Sequence {
  return sequence(
    ...organizations.map((name) => attribute(oid.organization, name)),
    attribute(oid.commonName, commonName),
  );
}

function time(milliseconds: number): asn1.AsnType {
  const valueDate = new Date(Math.floor(milliseconds / 1000) * 1000);
  // RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050.
  return valueDate.getUTCFullYear() < 2050 ? new asn1.UTCTime({ valueDate }) : new asn1.GeneralizedTime({ valueDate });
}

export function extension(type: string, critical: boolean, value: asn1.AsnType): asn1.Sequence {
  const wrapped = octets(new Uint8Array((value as asn1.BaseBlock).toBER()));
  return critical
    ? sequence(identifier(type), new asn1.Boolean({ value: true }), wrapped)
    : sequence(identifier(type), wrapped);
}

function contextual(tagNumber: number, bytes: Uint8Array): asn1.Primitive {
  return new asn1.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex: exact(bytes) });
}

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function subjectAltName(request: CertificateRequest): asn1.Sequence | undefined {
  const names = [
    ...(request.dnsNames ?? []).map((name) => contextual(2, Buffer.from(name, 'ascii'))),
    ...(request.ipAddresses ?? []).map((address) => contextual(7, addressBytes(address))),
  ];
  return names.length === 0 ? undefined : extension(oid.subjectAltName, false, sequence(...names));
}

function keyIdentifier(publicKey: KeyObject): Uint8Array {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function leafExtensions(request: CertificateRequest): asn1.Sequence[] {
  const usages = [
    ...(request.usage === 'client' ? [] : [oid.serverAuth]),
    ...(request.usage === 'server' ? [] : [oid.clientAuth]),
  ];
  const names = subjectAltName(request);
  return [
    extension(oid.basicConstraints, true, sequence()),
    // digitalSignature
    extension(oid.keyUsage, true, new asn1.BitString({ valueHex: exact(Uint8Array.of(0x80)), unusedBits: 7 })),
    extension(oid.extendedKeyUsage, false, sequence(...usages.map(identifier))),
    ...(names ? [names] : []),
  ];
}

function authorityExtensions(): asn1.Sequence[] {
  return [
    extension(oid.basicConstraints, true, sequence(new asn1.Boolean({ value: true }))),
    // digitalSignature, keyCertSign, cRLSign
    extension(oid.keyUsage, true, new asn1.BitString({ valueHex: exact(Uint8Array.of(0x86)), unusedBits: 1 })),
  ];
}

export interface Signing {
  readonly world: World;
  readonly subject: asn1.AsnType;
  readonly subjectKey: KeyObject;
  readonly issuer: asn1.Sequence;
  readonly issuerKey: KeyObject;
  readonly lifetime: number;
  readonly extensions: readonly asn1.Sequence[];
}

/** RFC 5280, 4.1, signed with ECDSA and SHA-256 (RFC 5758). */
export function signCertificate(signing: Signing): string {
  const { world, issuerKey } = signing;
  const serial = world.random.bytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const spki = signing.subjectKey.export({ type: 'spki', format: 'der' });
  const now = world.clock.now();
  const issuerId = keyIdentifier(createPublicKey(issuerKey));
  const extensions = [
    ...signing.extensions,
    extension(oid.subjectKeyIdentifier, false, octets(keyIdentifier(signing.subjectKey))),
    extension(oid.authorityKeyIdentifier, false, sequence(contextual(0, issuerId))),
  ];
  const body = sequence(
    new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber: 0 }, value: [new asn1.Integer({ value: 2 })] }),
    new asn1.Integer({ valueHex: exact(serial) }),
    sequence(identifier(oid.ecdsaWithSha256)),
    signing.issuer,
    sequence(time(now - clockSkew), time(now + signing.lifetime)),
    signing.subject,
    asn1.fromBER(exact(spki)).result,
    new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber: 3 }, value: [sequence(...extensions)] }),
  );
  const signature = sign('sha256', new Uint8Array(body.toBER()), issuerKey);
  const whole = sequence(
    body,
    sequence(identifier(oid.ecdsaWithSha256)),
    new asn1.BitString({ valueHex: exact(signature) }),
  );
  const lines = Buffer.from(whole.toBER())
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function newKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A self-signed certificate authority. Keys come from the machine's generator, also where chance is seeded. */
export function createAuthority(world: World, commonName: string, lifetime: number): KeyPair {
  const { privateKey, publicKey } = newKey();
  const name = distinguishedName(commonName, []);
  const certificate = signCertificate({
    world,
    subject: name,
    subjectKey: publicKey,
    issuer: name,
    issuerKey: privateKey,
    lifetime,
    extensions: authorityExtensions(),
  });
  return { certificate, key: pem(privateKey) };
}

/** A new key, and a certificate for it that `authority` (named `authorityName`) signs. */
export function issueCertificate(
  world: World,
  authorityName: string,
  authority: KeyPair,
  request: CertificateRequest,
): KeyPair {
  const { privateKey, publicKey } = newKey();
  const certificate = signCertificate({
    world,
    subject: distinguishedName(request.commonName, request.organizations ?? []),
    subjectKey: publicKey,
    issuer: distinguishedName(authorityName, []),
    issuerKey: createPrivateKey(authority.key),
    lifetime: request.lifetime,
    extensions: leafExtensions(request),
  });
  return { certificate, key: pem(privateKey) };
}
