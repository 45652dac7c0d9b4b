import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';

const dialTexts: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  EACCES: 'connect: permission denied',
};

const certificateTexts: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate signed by unknown authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: 'certificate signed by unknown authority',
  INVALID_CA: 'certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  INVALID_PURPOSE: 'certificate specifies an incompatible key usage',
};

/** Why a connection could not be had or broke, as Go's net and crypto/tls word it. */
export function connectionFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  const code = error.code ?? '';
  if (Object.hasOwn(dialTexts, code)) return `dial tcp ${hostAndPort(host, port)}: ${dialTexts[code]}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA')
    return `dial tcp: lookup ${host}: no such host`;
  if (Object.hasOwn(certificateTexts, code))
    return `tls: failed to verify certificate: x509: ${certificateTexts[code]}`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'EOF';
  if (code === 'EPROTO' && /wrong version number|packet length too long/.test(error.message))
    return 'http: server gave HTTP response to HTTPS client';
  return error.message;
}

/** `10.0.0.1:443`, `[::1]:443`. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * What is wrong with a server's certificate for `name`, as Go has it: names count, the common name does not. Undefined
 * when nothing is.
 */
export function identityProblem(name: string, certificate: PeerCertificate): Error | undefined {
  const names = (certificate.subjectaltname ?? '').split(', ').filter((entry) => entry !== '');
  const prefix = 'tls: failed to verify certificate: x509: ';
  if (isIP(name) !== 0) {
    const own = names.filter((entry) => entry.startsWith('IP Address:')).map((entry) => entry.slice(11));
    if (own.some((address) => address.toLowerCase() === name.toLowerCase())) return undefined;
    const text =
      own.length === 0
        ? `cannot validate certificate for ${name} because it doesn't contain any IP SANs`
        : `certificate is valid for ${own.join(', ')}, not ${name}`;
    return new Error(prefix + text);
  }
  const own = names.filter((entry) => entry.startsWith('DNS:')).map((entry) => entry.slice(4));
  if (own.some((pattern) => covers(pattern.toLowerCase(), name.toLowerCase()))) return undefined;
  if (own.length > 0) return new Error(`${prefix}certificate is valid for ${own.join(', ')}, not ${name}`);
  if (certificate.subject?.CN)
    return new Error(`${prefix}certificate relies on legacy Common Name field, use SANs instead`);
  return new Error(`${prefix}certificate is not valid for any names, but wanted to match ${name}`);
}

function covers(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  const dot = name.indexOf('.');
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}

const statusTexts: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** What a refusal says, as Kubernetes' REST client words it: the message of a Status, or a text for the code. */
export function refusalText(code: number, contentType: string, body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8').trim();
  const status = statusMessage(text);
  if (status !== undefined) return status;
  if (Object.hasOwn(statusTexts, code)) return statusTexts[code]!;
  const said = contentType === '' || contentType.startsWith('text/') ? text : 'unknown';
  if (code === 403 || code === 406 || code === 415) return said;
  if (code >= 500) return `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${code} but did not return more information`;
}

function statusMessage(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const parsed = JSON.parse(text);
    return parsed.kind === 'Status' && typeof parsed.message === 'string' ? parsed.message : undefined;
  } catch {
    return undefined;
  }
}
