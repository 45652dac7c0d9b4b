import type { HttpRequest, HttpResponse } from '@keelson/base';
import { AwsError } from './aws-error.ts';
import { ec2Errors, makeCommonError } from './common-errors.ts';
import type { CommonError, Input, Protocol } from './protocol.ts';
import { formPairs, formTree, formValue } from './query-form.ts';
import { xmlResponse } from './query-protocol.ts';
import { decodeForm, type QueryStyle } from './query-values.ts';
import type { Member, Operation, ServiceTable } from './service-table.ts';
import { element, escapeXml, xmlMembers } from './xml-writer.ts';

/** The name of a member in an EC2 query. */
export function ec2QueryName(member: Member): string {
  const name = member.queryName ?? member.xmlName ?? member.name;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const style: QueryStyle = {
  nameOf: ec2QueryName,
  flatLists: true,
  mismatch: (parameter, value, wanted) =>
    new AwsError(
      'InvalidParameterValue',
      `Value (${value}) for parameter ${parameter} is invalid. It is not of type ${wanted}`,
      {},
      400,
    ),
};

/** What a query carries besides the operation's own parameters: the action, and a signature in the query string. */
const protocolParameters = /^(Action|Version|AWSAccessKeyId|Signature.*|Timestamp|Expires|SecurityToken|X-Amz-.*)$/i;

/** ec2Query: as awsQuery, but every list is flat, names begin with capitals, and there is no result element. */
export class Ec2QueryProtocol implements Protocol {
  identify(table: ServiceTable, request: HttpRequest): Operation {
    const action = formValue(request, 'Action');
    if (action === undefined || action === '')
      throw new AwsError('MissingAction', 'The request must contain the parameter Action', {}, 400);
    const operation = table.operation(action);
    if (operation === undefined)
      throw new AwsError('InvalidAction', `The action ${action} is not valid for this web service.`, {}, 400);
    return operation;
  }

  decode(_table: ServiceTable, operation: Operation, request: HttpRequest): Input {
    const tree = formTree(formPairs(request));
    const known = new Set(operation.input.members.map(ec2QueryName));
    for (const name of tree.children.keys())
      if (!known.has(name) && !protocolParameters.test(name))
        throw new AwsError('UnknownParameter', `The parameter ${name} is not recognized`, {}, 400);
    return decodeForm(operation.input, tree, style);
  }

  encode(table: ServiceTable, operation: Operation, output: unknown, requestId: string): HttpResponse {
    const { name } = operation;
    // Operations without a result of their own say that they went well.
    const members =
      operation.output.members.length === 0
        ? element('return', 'true')
        : xmlMembers(operation.output, output, { fraction: true });
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name}Response xmlns="${table.raw.xmlNamespace}">${element('requestId', requestId)}${members}</${name}Response>`;
    return xmlResponse(200, body, requestId);
  }

  encodeError(table: ServiceTable, error: AwsError, requestId: string): HttpResponse {
    const status = error.status ?? table.statusOf(error.code) ?? 400;
    const detail = element('Code', escapeXml(error.code)) + element('Message', escapeXml(error.message));
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response>${element('Errors', element('Error', detail))}${element('RequestID', requestId)}</Response>`;
    return xmlResponse(status, body, requestId);
  }

  commonError(_table: ServiceTable, error: CommonError, message?: string): AwsError {
    return makeCommonError(ec2Errors, error, message);
  }
}
