import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestKey {
  readonly key: string;
  readonly certificate: string;
}

/** An authority, a server of 127.0.0.1, a client of the authority, and a client of another one; made by openssl. */
export interface TestCertificates {
  readonly authority: string;
  readonly server: TestKey;
  readonly client: TestKey;
  readonly stranger: TestKey;
}

export function testCertificates(): TestCertificates {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-certificates-'));
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const authority = (name: string) =>
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
  const issue = (name: string, issuer: string, subject: string, extensions: string): TestKey => {
    writeFileSync(join(folder, `${name}.ext`), extensions);
    openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    const by = ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, '-extfile', `${name}.ext`);
    return { key: read(`${name}.key`), certificate: read(`${name}.crt`) };
  };
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  try {
    authority('ours');
    authority('theirs');
    return {
      authority: read('ours.crt'),
      server: issue('server', 'ours', '/CN=server', 'subjectAltName=IP:127.0.0.1'),
      client: issue('client', 'ours', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth'),
      stranger: issue('stranger', 'theirs', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
