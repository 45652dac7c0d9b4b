import { type AwsCredentials, signRequest } from '@keelson/aws-protocol';
import { collectBody, type HttpHandler } from '@keelson/base';
import { region, request } from './region-fixture.ts';

export interface QueryAnswer {
  readonly status: number;
  readonly text: string;
  /** The error's code; empty when the call went well. */
  readonly code: string;
  /** The error's message, unescaped. */
  readonly message: string;
  /** The text of the first element of this name; undefined when there is none. */
  element(name: string): string | undefined;
  elements(name: string): string[];
}

const versions = { iam: '2010-05-08', sts: '2011-06-15', ec2: '2016-11-15' } as const;

/** Sends a signed query (`Action`, and the parameters as the form has them) at `now` milliseconds. */
export async function query(
  handler: HttpHandler,
  credentials: AwsCredentials,
  service: keyof typeof versions,
  action: string,
  parameters: Readonly<Record<string, string>>,
  now: number,
): Promise<QueryAnswer> {
  const body = new URLSearchParams({ Action: action, Version: versions[service], ...parameters }).toString();
  const headers = { host: '127.0.0.1:4566', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const unsigned = request('POST', '/', headers, body);
  const signed = signRequest(unsigned, { credentials, region, service, now });
  return answerOf(await handler({ ...unsigned, headers: signed }));
}

export async function answerOf(response: Awaited<ReturnType<HttpHandler>>): Promise<QueryAnswer> {
  const text = Buffer.from(await collectBody(response.body)).toString('utf8');
  const elements = (name: string) =>
    [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => plain(match[1]!));
  return {
    status: response.status,
    text,
    code: response.status < 300 ? '' : (elements('Code')[0] ?? ''),
    message: elements('Message')[0] ?? '',
    element: (name) => elements(name)[0],
    elements,
  };
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
