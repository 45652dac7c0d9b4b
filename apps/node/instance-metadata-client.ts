import { request } from 'node:http';

const address = '169.254.169.254';
const tokenSeconds = 21_600;

/** Credentials of the instance's role, as the metadata service hands them out. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expiration: number;
}

/** Reads the instance metadata service (IMDSv2) from inside the instance. */
export class InstanceMetadataClient {
  #token: string | undefined;

  /** The value at `/latest/PATH`; undefined when there is none. @throws Error when the service does not answer */
  async get(path: string): Promise<string | undefined> {
    for (const attempt of [1, 2]) {
      this.#token ??= (
        await ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': String(tokenSeconds) })
      ).text;
      const { status, text } = await ask('GET', `/latest/${path}`, { 'x-aws-ec2-metadata-token': this.#token });
      if (status === 200) return text;
      if (status === 404) return undefined;
      // The token's time was over, or the service was started anew.
      this.#token = undefined;
      if (status !== 401 || attempt === 2) throw new Error(`instance metadata answered ${status} for ${path}`);
    }
    return undefined;
  }

  /** @throws Error when the instance has no such value */
  async require(path: string): Promise<string> {
    const value = await this.get(path);
    if (value === undefined) throw new Error(`instance metadata has no ${path}`);
    return value;
  }

  /** @throws Error when the instance has no role */
  async credentials(): Promise<RoleCredentials> {
    const role = await this.require('meta-data/iam/security-credentials/');
    const found = JSON.parse(await this.require(`meta-data/iam/security-credentials/${role.trim()}`));
    return {
      accessKeyId: found.AccessKeyId,
      secretAccessKey: found.SecretAccessKey,
      sessionToken: found.Token,
      expiration: Date.parse(found.Expiration),
    };
  }
}

function ask(method: string, path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: address, method, path, headers, timeout: 5_000 }, async (incoming) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of incoming) pieces.push(piece);
      resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') });
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('instance metadata does not answer')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
