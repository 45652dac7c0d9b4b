import type { HttpRequest, HttpResponse } from '@keelson/base';
import { AwsError } from './aws-error.ts';
import { makeCommonError, queryErrors } from './common-errors.ts';
import type { CommonError, Input, Protocol } from './protocol.ts';
import { formPairs, formTree, formValue } from './query-form.ts';
import { decodeForm, type QueryStyle } from './query-values.ts';
import type { Operation, ServiceTable } from './service-table.ts';
import { element, escapeXml, xmlMembers } from './xml-writer.ts';

const style: QueryStyle = {
  nameOf: (member) => member.xmlName ?? member.name,
  flatLists: false,
  mismatch: (parameter, value, wanted) =>
    new AwsError('MalformedInput', `The value ${value} of ${parameter} is not of type ${wanted}`, {}, 400),
};

/** awsQuery: a form with Action and Version in, XML out (IAM, STS, CloudFormation, Auto Scaling, ELBv2). */
export class QueryProtocol implements Protocol {
  identify(table: ServiceTable, request: HttpRequest): Operation {
    const action = formValue(request, 'Action');
    if (action === undefined || action === '')
      throw new AwsError('MissingAction', 'The request must contain the parameter Action.', {}, 400);
    const version = formValue(request, 'Version') ?? table.raw.apiVersion;
    const operation = version === table.raw.apiVersion ? table.operation(action) : undefined;
    if (operation === undefined)
      throw new AwsError('InvalidAction', `Could not find operation ${action} for version ${version}`, {}, 400);
    return operation;
  }

  decode(_table: ServiceTable, operation: Operation, request: HttpRequest): Input {
    return decodeForm(operation.input, formTree(formPairs(request)), style);
  }

  encode(table: ServiceTable, operation: Operation, output: unknown, requestId: string): HttpResponse {
    const { name } = operation;
    const members = xmlMembers(operation.output, output, { fraction: false });
    const result = operation.output.name === 'Unit' ? '' : element(`${name}Result`, members);
    const metadata = element('ResponseMetadata', element('RequestId', requestId));
    const body = `<${name}Response xmlns="${table.raw.xmlNamespace}">${result}${metadata}</${name}Response>`;
    return xmlResponse(200, body, requestId);
  }

  encodeError(table: ServiceTable, error: AwsError, requestId: string): HttpResponse {
    const status = error.status ?? table.statusOf(error.code) ?? 400;
    const detail =
      element('Type', status < 500 ? 'Sender' : 'Receiver') +
      element('Code', escapeXml(error.code)) +
      element('Message', escapeXml(error.message));
    const body = `<ErrorResponse xmlns="${table.raw.xmlNamespace}">${element('Error', detail)}${element('RequestId', requestId)}</ErrorResponse>`;
    return xmlResponse(status, body, requestId);
  }

  commonError(_table: ServiceTable, error: CommonError, message?: string): AwsError {
    return makeCommonError(queryErrors, error, message);
  }
}

export function xmlResponse(status: number, body: string, requestId: string): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Buffer.from(body),
  };
}
