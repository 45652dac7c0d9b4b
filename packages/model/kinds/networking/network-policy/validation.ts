import { BlockList } from 'node:net';
import { type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import { blockErrors, blockFamily } from '../../../metadata/addresses.ts';
import { portNameProblems } from '../../../metadata/names.ts';
import type { ApiObject } from '../../../object.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { portNumber, problems } from '../../core/pod/validation/scalars.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const TYPES = ['Ingress', 'Egress'];

function portErrors(at: string, { protocol, port, endPort }: Fields): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    errors.push(notSupported(`${at}.protocol`, protocol, PROTOCOLS));
  }
  const field = `${at}.endPort`;
  if (typeof port === 'number') {
    errors.push(...portNumber(`${at}.port`, port));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalid(field, endPort, 'must be greater than or equal to `port`'));
    return [...errors, ...portNumber(field, endPort)];
  }
  if (endPort !== undefined) {
    const why = port === undefined ? 'not specified' : 'non-numeric';
    errors.push(invalid(field, endPort, `may not be specified when \`port\` is ${why}`));
  }
  if (port !== undefined) errors.push(...problems(`${at}.port`, port, portNameProblems));
  return errors;
}

/** Whether `inner` lies in `outer` and is smaller. Both are blocks. */
function isStrictlyIn(inner: string, outer: string): boolean {
  const [address, length] = inner.split('/') as [string, string];
  const [network, prefix] = outer.split('/') as [string, string];
  if (blockFamily(inner) !== blockFamily(outer) || Number(length) <= Number(prefix)) return false;
  const family = blockFamily(inner) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

function blockPeerErrors(at: string, peer: Fields): FieldError[] {
  const cidr: string = peer['cidr'] ?? '';
  if (cidr === '') return [required(`${at}.cidr`)];
  const errors = blockErrors(`${at}.cidr`, cidr);
  if (errors.length > 0) return errors;
  return ((peer['except'] ?? []) as string[]).flatMap((text, i) => {
    const field = index(`${at}.except`, i);
    const malformed = blockErrors(field, text);
    if (malformed.length > 0 || isStrictlyIn(text, cidr)) return malformed;
    return [invalid(field, text, 'must be a strict subset of `cidr`')];
  });
}

function peerErrors(at: string, { podSelector, namespaceSelector, ipBlock }: Fields): FieldError[] {
  const given = [podSelector, namespaceSelector, ipBlock].filter((one) => one !== undefined).length;
  if (given === 0) return [required(at, 'must specify a peer')];
  return [
    ...labelSelectorErrors(`${at}.podSelector`, podSelector),
    ...labelSelectorErrors(`${at}.namespaceSelector`, namespaceSelector),
    ...(ipBlock === undefined ? [] : blockPeerErrors(`${at}.ipBlock`, ipBlock)),
    ...(given > 1 && ipBlock !== undefined ? [forbidden(at, 'may not specify both ipBlock and another peer')] : []),
  ];
}

function rulesErrors(at: string, rules: readonly Fields[], peers: 'from' | 'to'): FieldError[] {
  return rules.flatMap((rule, position) => {
    const field = index(at, position);
    return [
      ...((rule['ports'] ?? []) as Fields[]).flatMap((port, i) => portErrors(index(`${field}.ports`, i), port)),
      ...((rule[peers] ?? []) as Fields[]).flatMap((peer, i) => peerErrors(index(`${field}.${peers}`, i), peer)),
    ];
  });
}

export function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  const types: string[] = spec['policyTypes'] ?? [];
  const errors = [
    ...labelSelectorErrors('spec.podSelector', spec['podSelector']),
    ...rulesErrors('spec.ingress', spec['ingress'] ?? [], 'from'),
    ...rulesErrors('spec.egress', spec['egress'] ?? [], 'to'),
  ];
  if (types.length > TYPES.length) {
    return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  types.forEach((type, i) => {
    if (!TYPES.includes(type)) errors.push(notSupported(index('spec.policyTypes', i), type, TYPES));
  });
  return errors;
}
