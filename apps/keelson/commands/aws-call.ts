import { request } from 'node:http';
import { signRequest } from '@keelson/aws-protocol';
import { UsageError } from '../command-line.ts';
import type { RunningRegion } from './running-region.ts';

/** An AWS error as a command shows it. */
export class AwsCallError extends UsageError {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`, 1);
    this.code = code;
  }
}

/** Calls the region's own front door as its administrator, by the same API that every other client uses. */
export class AwsCaller {
  readonly #region: RunningRegion;
  #credentials: { accessKeyId: string; secretAccessKey: string } | undefined;

  constructor(region: RunningRegion) {
    this.#region = region;
  }

  /** EKS: REST with JSON. @throws AwsCallError */
  async eks(method: string, path: string, body?: unknown): Promise<any> {
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
    const { status, text, headers } = await this.#call('eks', method, path, bytes, 'application/json');
    const answer = text === '' ? {} : JSON.parse(text);
    if (status < 300) return answer;
    throw new AwsCallError(
      String(headers['x-amzn-errortype'] ?? answer.__type ?? answer.code ?? status).split(':')[0]!,
      answer.message ?? text,
    );
  }

  /** A query service: IAM, EC2. Answers XML. @throws AwsCallError */
  async query(service: 'iam' | 'ec2', parameters: Readonly<Record<string, string>>): Promise<string> {
    const version = service === 'iam' ? '2010-05-08' : '2016-11-15';
    const form = Buffer.from(new URLSearchParams({ ...parameters, Version: version }).toString());
    const { status, text } = await this.#call(service, 'POST', '/', form, 'application/x-www-form-urlencoded');
    if (status < 300) return text;
    const tag = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1] ?? '';
    throw new AwsCallError(tag('Code'), tag('Message'));
  }

  async credentials(): Promise<{ accessKeyId: string; secretAccessKey: string }> {
    this.#credentials ??= (await this.#region.ask('GET', '/credentials')) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    return this.#credentials;
  }

  async #call(service: string, method: string, target: string, body: Uint8Array, contentType: string) {
    const { identity } = this.#region;
    const host = `127.0.0.1:${identity.port}`;
    const headers: Record<string, string> = body.length > 0 ? { host, 'content-type': contentType } : { host };
    const region = service === 'iam' ? 'us-east-1' : identity.region;
    const signed = signRequest(
      { method, target, headers, body },
      { credentials: await this.credentials(), region, service, now: Date.now() },
    );
    return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: identity.port, method, path: target, headers: signed },
        async (incoming) => {
          const pieces: Uint8Array[] = [];
          for await (const piece of incoming) pieces.push(piece);
          resolve({
            status: incoming.statusCode ?? 0,
            text: Buffer.concat(pieces).toString('utf8'),
            headers: incoming.headers,
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}
