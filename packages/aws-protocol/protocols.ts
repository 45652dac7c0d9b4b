import { AwsJsonProtocol } from './aws-json.ts';
import { Ec2QueryProtocol } from './ec2-query-protocol.ts';
import type { Protocol } from './protocol.ts';
import { QueryProtocol } from './query-protocol.ts';
import { RestJsonProtocol } from './rest-json.ts';
import type { ProtocolName, ServiceTable } from './service-table.ts';

const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  restJson1: new RestJsonProtocol(),
  awsJson1_0: new AwsJsonProtocol('1.0'),
  awsJson1_1: new AwsJsonProtocol('1.1'),
  awsQuery: new QueryProtocol(),
  ec2Query: new Ec2QueryProtocol(),
};

/** The wire protocol that the service speaks. */
export function protocolOf(table: ServiceTable): Protocol {
  return protocols[table.protocol];
}
