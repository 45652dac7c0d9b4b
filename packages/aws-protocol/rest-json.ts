import type { HttpRequest, HttpResponse } from '@keelson/base';
import { AwsError } from './aws-error.ts';
import { errorBody, parseJsonBody } from './aws-json.ts';
import { makeCommonError, restJsonErrors } from './common-errors.ts';
import { decodeJson, decodeJsonStructure, encodeJsonStructure } from './json-values.ts';
import type { CommonError, Input, Protocol } from './protocol.ts';
import { RouteTable } from './rest-routes.ts';
import type { Member, Operation, ServiceTable, Type } from './service-table.ts';
import { parseTimestamp } from './timestamps.ts';

/** restJson1: operations are told apart by method and path; members lie in path, query, headers and a JSON body. */
export class RestJsonProtocol implements Protocol {
  readonly #routes = new WeakMap<ServiceTable, RouteTable>();

  identify(table: ServiceTable, request: HttpRequest): Operation {
    const route = this.#routesOf(table).match(request.method, pathOf(request.target));
    if (route !== undefined) return route.operation;
    throw new AwsError(
      'UnknownOperationException',
      `The service ${table.raw.serviceId} has no operation at ${request.method} ${pathOf(request.target)}`,
      {},
      404,
    );
  }

  decode(table: ServiceTable, operation: Operation, request: HttpRequest): Input {
    const { members } = operation.input;
    const input: Input = {};
    const labels = this.#routesOf(table).match(request.method, pathOf(request.target))?.labels ?? {};
    const query = queryOf(request.target);
    for (const member of members) {
      const value = boundValue(member, labels, query, request);
      if (value !== undefined) input[member.name] = value;
    }
    const inBody = members.filter((member) => member.binding === undefined);
    const payload = members.find((member) => member.binding?.place === 'payload');
    if (payload !== undefined && request.body.length > 0)
      input[payload.name] = decodeJson(payload.type, parseJsonBody(request.body));
    if (inBody.length === 0 || request.body.length === 0) return input;
    return { ...input, ...decodeJsonStructure(operation.input, parseJsonBody(request.body), inBody) };
  }

  encode(_table: ServiceTable, operation: Operation, output: unknown, requestId: string): HttpResponse {
    const inBody = operation.output.members.filter((member) => member.binding === undefined);
    const status = operation.http?.status ?? 200;
    return response(status, encodeJsonStructure(output ?? {}, inBody), requestId);
  }

  encodeError(table: ServiceTable, error: AwsError, requestId: string): HttpResponse {
    const status = error.status ?? table.statusOf(error.code) ?? 400;
    return response(status, errorBody(table, error), requestId, { 'x-amzn-errortype': error.code });
  }

  commonError(_table: ServiceTable, error: CommonError, message?: string): AwsError {
    return makeCommonError(restJsonErrors, error, message);
  }

  #routesOf(table: ServiceTable): RouteTable {
    let routes = this.#routes.get(table);
    if (routes === undefined) {
      routes = new RouteTable(table);
      this.#routes.set(table, routes);
    }
    return routes;
  }
}

function response(
  status: number,
  body: unknown,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, ...headers },
    body: Buffer.from(JSON.stringify(body)),
  };
}

function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end < 0 ? target : target.slice(0, end);
}

function queryOf(target: string): URLSearchParams {
  const start = target.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : target.slice(start + 1));
}

function boundValue(
  member: Member,
  labels: Readonly<Record<string, string>>,
  query: URLSearchParams,
  request: HttpRequest,
): unknown {
  const { binding, type } = member;
  if (binding?.place === 'label') return decodeText(type, labels[binding.name], binding.name);
  if (binding?.place === 'header') return decodeText(type, request.headers[binding.name.toLowerCase()], binding.name);
  if (binding?.place !== 'query') return undefined;
  const values = query.getAll(binding.name);
  if (values.length === 0) return undefined;
  if (type.kind !== 'list') return decodeText(type, values[0], binding.name);
  return values.map((value) => decodeText(type.element.type, value, binding.name));
}

function decodeText(type: Type, text: string | undefined, name: string): unknown {
  if (text === undefined) return undefined;
  const refuse = (wanted: string) =>
    new AwsError('SerializationException', `The value of ${name} is not ${wanted}: ${text}`, {}, 400);
  switch (type.kind) {
    case 'integer':
      if (!/^-?\d{1,15}$/.test(text)) throw refuse('an integer');
      return Number(text);
    case 'double':
      if (text === '' || Number.isNaN(Number(text))) throw refuse('a number');
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refuse('a boolean');
      return text === 'true';
    case 'timestamp': {
      const moment = parseTimestamp(text);
      if (moment === undefined) throw refuse('a timestamp');
      return moment;
    }
    default:
      return text;
  }
}
