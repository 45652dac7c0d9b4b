import { duplicate, type FieldError, index, invalid, notSupported, required, tooMany } from '../../../field-error.ts';
import { addressFamily, specialAddressErrors } from '../../../metadata/addresses.ts';
import { dnsLabelProblems, dnsSubdomainProblems, qualifiedNameProblems } from '../../../metadata/names.ts';
import { immutable, labelsErrors } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';

type Fields = Record<string, any>;

const MOST_TOPOLOGY_LABELS = 16;
const MOST_ADDRESSES = 100;
const MOST_PORTS = 100;
const MOST_ENDPOINTS = 1000;
const MOST_HINTS = 8;
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const RESERVED_LABELS = ['kubernetes.io/hostname'];

/** A name with at least two labels; a dot may end it. */
function domainErrors(at: string, text: string): FieldError[] {
  const name = text.replace(/\.$/, '');
  if (text === '') return [required(at)];
  const malformed = dnsSubdomainProblems(name);
  if (malformed.length > 0) return [invalid(at, name, malformed.join(','))];
  if (!name.includes('.')) {
    return [invalid(at, name, 'should be a domain with at least two segments separated by dots')];
  }
  return name.split('.').flatMap((label) => {
    const found = dnsLabelProblems(label);
    return found.length > 0 ? [invalid(at, label, found.join(','))] : [];
  });
}

function addressErrors(at: string, address: string, type: string): FieldError[] {
  switch (type) {
    case 'IPv4':
    case 'IPv6':
      return [
        ...(`IPv${addressFamily(address)}` === type ? [] : [invalid(at, address, `must be a valid ${type} address`)]),
        ...specialAddressErrors(at, address),
      ];
    case 'FQDN':
      return domainErrors(at, address);
    default:
      return [];
  }
}

function hintErrors(at: string, hints: Fields | undefined): FieldError[] {
  if (hints === undefined) return [];
  const zones: { name?: string }[] = hints['forZones'] ?? [];
  const field = `${at}.forZones`;
  if (zones.length > MOST_HINTS) return [tooMany(field, zones.length, MOST_HINTS)];
  const seen = new Set<string>();
  return zones.flatMap((zone, i) => {
    const name = zone.name ?? '';
    const place = `${index(field, i)}.name`;
    if (seen.has(name)) return [duplicate(place, name)];
    seen.add(name);
    return qualifiedNameProblems(name).map((problem) => invalid(place, name, problem));
  });
}

function endpointErrors(at: string, endpoint: Fields, type: string): FieldError[] {
  const addresses: string[] = endpoint['addresses'] ?? [];
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(`${at}.addresses`, 'must contain at least 1 address'));
  else if (addresses.length > MOST_ADDRESSES) {
    errors.push(tooMany(`${at}.addresses`, addresses.length, MOST_ADDRESSES));
  }
  errors.push(...addresses.flatMap((address, i) => addressErrors(index(`${at}.addresses`, i), address, type)));
  if (endpoint['nodeName'] !== undefined) {
    const problems = dnsSubdomainProblems(endpoint['nodeName']);
    errors.push(...problems.map((problem) => invalid(`${at}.nodeName`, endpoint['nodeName'], problem)));
  }
  const topology: Record<string, string> = endpoint['deprecatedTopology'] ?? {};
  const field = `${at}.deprecatedTopology`;
  const count = Object.keys(topology).length;
  if (count > MOST_TOPOLOGY_LABELS) errors.push(tooMany(field, count, MOST_TOPOLOGY_LABELS));
  errors.push(...labelsErrors(field, topology));
  for (const label of RESERVED_LABELS) {
    if (Object.hasOwn(topology, label))
      errors.push(invalid(`${field}[${label}]`, topology[label], 'set nodeName instead'));
  }
  if (endpoint['hostname'] !== undefined) {
    const problems = dnsLabelProblems(endpoint['hostname']);
    errors.push(...problems.map((problem) => invalid(`${at}.hostname`, endpoint['hostname'], problem)));
  }
  return [...errors, ...hintErrors(`${at}.hints`, endpoint['hints'])];
}

function portsErrors(ports: readonly Fields[]): FieldError[] {
  if (ports.length > MOST_PORTS) return [tooMany('ports', ports.length, MOST_PORTS)];
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const at = index('ports', i);
    const name: string = port['name'] ?? '';
    const errors = name === '' ? [] : dnsLabelProblems(name).map((problem) => invalid(`${at}.name`, name, problem));
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (port['protocol'] === undefined) errors.push(required(`${at}.protocol`));
    else if (!PROTOCOLS.includes(port['protocol'])) {
      errors.push(notSupported(`${at}.protocol`, port['protocol'], PROTOCOLS));
    }
    if (port['appProtocol'] !== undefined) {
      const problems = qualifiedNameProblems(port['appProtocol']);
      errors.push(...problems.map((problem) => invalid(`${at}.appProtocol`, port['appProtocol'], problem)));
    }
    return errors;
  });
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const type: string = object['addressType'] ?? '';
  const errors: FieldError[] = [];
  if (type === '') errors.push(required('addressType'));
  else if (!ADDRESS_TYPES.includes(type)) errors.push(notSupported('addressType', type, ADDRESS_TYPES));
  const endpoints: Fields[] = object['endpoints'] ?? [];
  if (endpoints.length > MOST_ENDPOINTS) errors.push(tooMany('endpoints', endpoints.length, MOST_ENDPOINTS));
  else errors.push(...endpoints.flatMap((endpoint, i) => endpointErrors(index('endpoints', i), endpoint, type)));
  return [...errors, ...portsErrors(object['ports'] ?? [])];
}

export function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  return [...validate(object), ...immutable('addressType', object['addressType'], previous['addressType'])];
}
