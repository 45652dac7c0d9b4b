import type { HttpRequest, HttpResponse } from '@keelson/base';
import { AwsError } from './aws-error.ts';
import { awsJsonErrors, makeCommonError } from './common-errors.ts';
import { decodeJsonStructure, encodeJson, encodeJsonStructure } from './json-values.ts';
import type { CommonError, Input, Protocol } from './protocol.ts';
import type { Operation, ServiceTable } from './service-table.ts';

/** The body as a JSON value; an empty one is `{}`. @throws AwsError SerializationException when it is no JSON. */
export function parseJsonBody(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON', {}, 400);
  }
}

/** The members of an error that its table names, and the message under the name that the table gives it. */
export function errorBody(table: ServiceTable, error: AwsError): Record<string, unknown> {
  const type = table.errorType(error.code);
  const message = type?.members.find((member) => member.name.toLowerCase() === 'message')?.jsonName ?? 'message';
  const members = type?.members.filter((member) => member.name.toLowerCase() !== 'message') ?? [];
  return { ...encodeJsonStructure(error.members, members), [message]: error.message };
}

/** awsJson1_0 and awsJson1_1: POST to `/`, the operation in X-Amz-Target, the error's code in `__type`. */
export class AwsJsonProtocol implements Protocol {
  readonly #contentType: string;

  constructor(version: '1.0' | '1.1') {
    this.#contentType = `application/x-amz-json-${version}`;
  }

  identify(table: ServiceTable, request: HttpRequest): Operation {
    const target = request.headers['x-amz-target'] ?? '';
    const operation = target.startsWith(`${table.raw.target}.`)
      ? table.operation(target.slice(table.raw.target.length + 1))
      : undefined;
    if (operation === undefined)
      throw new AwsError('UnknownOperationException', `The operation ${target || '(none)'} is unknown.`, {}, 400);
    return operation;
  }

  decode(_table: ServiceTable, operation: Operation, request: HttpRequest): Input {
    return decodeJsonStructure(operation.input, parseJsonBody(request.body), operation.input.members);
  }

  encode(_table: ServiceTable, operation: Operation, output: unknown, requestId: string): HttpResponse {
    return this.#response(200, encodeJson(operation.output, output ?? {}), requestId);
  }

  encodeError(table: ServiceTable, error: AwsError, requestId: string): HttpResponse {
    const status = error.status ?? table.statusOf(error.code) ?? 400;
    return this.#response(status, { __type: error.code, ...errorBody(table, error) }, requestId);
  }

  commonError(_table: ServiceTable, error: CommonError, message?: string): AwsError {
    return makeCommonError(awsJsonErrors, error, message);
  }

  #response(status: number, body: unknown, requestId: string): HttpResponse {
    return {
      status,
      headers: { 'content-type': this.#contentType, 'x-amzn-requestid': requestId },
      body: Buffer.from(JSON.stringify(body)),
    };
  }
}
