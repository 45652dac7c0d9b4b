import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { World } from '@keelson/base';
import type { CertificateRequest } from '@keelson/model';
import * as asn1 from 'asn1js';
import {
  distinguishedName,
  exact,
  extension,
  identifier,
  type KeyPair,
  oid,
  sequence,
  signCertificate,
} from './certificate.ts';

/** What is signed for whom, and for how long. */
export interface SigningOrder {
  readonly request: CertificateRequest;
  /** certificates.k8s.io/v1 KeyUsage: `digital signature`, `client auth`, … */
  readonly usages: readonly string[];
  /** Milliseconds from now; the certificate does not outlive its authority. */
  readonly lifetime: number;
}

/** The bits of X.509's KeyUsage (RFC 5280, 4.2.1.3), first to last. */
const keyUsages = [
  'digital signature',
  'content commitment',
  'key encipherment',
  'data encipherment',
  'key agreement',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
];

const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': oid.serverAuth,
  'client auth': oid.clientAuth,
  'code signing': '1.3.6.1.5.5.7.3.3',
  'email protection': '1.3.6.1.5.5.7.3.4',
  's/mime': '1.3.6.1.5.5.7.3.4',
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: '1.3.6.1.5.5.7.3.8',
  'ocsp signing': '1.3.6.1.5.5.7.3.9',
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};

function keyUsageExtension(usages: readonly string[]): asn1.Sequence[] {
  const bits = keyUsages.map(
    (name) => usages.includes(name) || (name === 'digital signature' && usages.includes('signing')),
  );
  const last = bits.lastIndexOf(true);
  if (last < 0) return [];
  const octets = new Uint8Array(Math.floor(last / 8) + 1);
  bits.forEach((set, position) => {
    if (set) octets[Math.floor(position / 8)]! |= 0x80 >> (position % 8);
  });
  const unusedBits = octets.length * 8 - last - 1;
  return [extension(oid.keyUsage, true, new asn1.BitString({ valueHex: exact(octets), unusedBits }))];
}

function extendedUsageExtension(usages: readonly string[]): asn1.Sequence[] {
  const identifiers = new Set(usages.flatMap((usage) => extendedUsages[usage] ?? []));
  if (identifiers.size === 0) return [];
  return [extension(oid.extendedKeyUsage, false, sequence(...[...identifiers].map(identifier)))];
}

/** A certificate for somebody else's key, PEM: subject and names as they were asked for, and never an authority's. */
export function signRequest(world: World, authorityName: string, authority: KeyPair, order: SigningOrder): string {
  const { request, usages } = order;
  const end = Date.parse(new X509Certificate(authority.certificate).validTo);
  const names = request.alternativeNames;
  return signCertificate({
    world,
    subject: asn1.fromBER(exact(request.subject)).result,
    subjectKey: request.publicKey,
    issuer: distinguishedName(authorityName, []),
    issuerKey: createPrivateKey(authority.key),
    lifetime: Math.min(order.lifetime, end - world.clock.now()),
    extensions: [
      extension(oid.basicConstraints, true, sequence()),
      ...keyUsageExtension(usages),
      ...extendedUsageExtension(usages),
      ...(names === undefined ? [] : [extension(oid.subjectAltName, false, asn1.fromBER(exact(names)).result)]),
    ],
  });
}
