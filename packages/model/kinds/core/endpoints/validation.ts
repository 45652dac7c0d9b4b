import { type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import { addressErrors, specialAddressErrors } from '../../../metadata/addresses.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  portNumberProblems,
  qualifiedNameProblems,
} from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

interface Address {
  ip?: string;
  hostname?: string;
  nodeName?: string;
}

interface Port {
  name?: string;
  port?: number;
  protocol?: string;
  appProtocol?: string;
}

function addressProblems(at: string, address: Address): FieldError[] {
  const ip = address.ip ?? '';
  const errors = addressErrors(`${at}.ip`, ip);
  if ((address.hostname ?? '') !== '') {
    errors.push(
      ...dnsLabelProblems(address.hostname!).map((text) => invalid(`${at}.hostname`, address.hostname, text)),
    );
  }
  if (address.nodeName !== undefined) {
    const problems = dnsSubdomainProblems(address.nodeName);
    errors.push(...problems.map((text) => invalid(`${at}.nodeName`, address.nodeName, text)));
  }
  return [...errors, ...specialAddressErrors(`${at}.ip`, ip)];
}

function portProblems(at: string, port: Port, named: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const name = port.name ?? '';
  if (name !== '') errors.push(...dnsLabelProblems(name).map((text) => invalid(`${at}.name`, name, text)));
  else if (named) errors.push(required(`${at}.name`));
  errors.push(...portNumberProblems(port.port ?? 0).map((text) => invalid(`${at}.port`, port.port ?? 0, text)));
  const protocol = port.protocol ?? '';
  if (protocol === '') errors.push(required(`${at}.protocol`));
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS));
  if (port.appProtocol !== undefined) {
    const problems = qualifiedNameProblems(port.appProtocol);
    errors.push(...problems.map((text) => invalid(`${at}.appProtocol`, port.appProtocol, text)));
  }
  return errors;
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  (object['subsets'] ?? []).forEach((subset: Record<string, any>, position: number) => {
    const at = index('subsets', position);
    const ready: Address[] = subset['addresses'] ?? [];
    const other: Address[] = subset['notReadyAddresses'] ?? [];
    const ports: Port[] = subset['ports'] ?? [];
    if (ready.length === 0 && other.length === 0) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
    }
    errors.push(...ready.flatMap((address, i) => addressProblems(index(`${at}.addresses`, i), address)));
    errors.push(...other.flatMap((address, i) => addressProblems(index(`${at}.notReadyAddresses`, i), address)));
    errors.push(...ports.flatMap((port, i) => portProblems(index(`${at}.ports`, i), port, ports.length > 1)));
  });
  return errors;
}
