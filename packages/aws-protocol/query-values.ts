import { AwsError } from './aws-error.ts';
import { type FormNode, numbered } from './query-form.ts';
import type { Member, StructureType, Type } from './service-table.ts';
import { parseTimestamp } from './timestamps.ts';

/** How awsQuery and ec2Query differ in reading a form. */
export interface QueryStyle {
  /** The name of a structure's member in the form. */
  nameOf(member: Member): string;
  /** Lists have no `member` level. */
  readonly flatLists: boolean;
  /** The error for a value that is not of its type. */
  mismatch(parameter: string, value: string, wanted: string): AwsError;
}

const deepest = 24;

/** The structure that the node's children make. @throws AwsError when a value is not of its type. */
export function decodeForm(
  type: StructureType,
  node: FormNode,
  style: QueryStyle,
  path = '',
  depth = 0,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (depth > deepest) throw new AwsError('MalformedQueryString', 'The request is nested too deeply', {}, 400);
  for (const member of type.members) {
    const name = style.nameOf(member);
    const child = node.children.get(name);
    if (child === undefined) continue;
    const value = decodeNode(member, child, style, path === '' ? name : `${path}.${name}`, depth + 1);
    if (value !== undefined) out[member.name] = value;
  }
  return out;
}

function decodeNode(member: Member, node: FormNode, style: QueryStyle, path: string, depth: number): unknown {
  const { type } = member;
  switch (type.kind) {
    case 'structure':
      return decodeForm(type, node, style, path, depth);
    case 'list': {
      const flat = style.flatLists || member.flattened;
      // Clients differ in whether they write the element's own name or `member`.
      const parent = flat ? node : (node.children.get(type.element.xmlName ?? 'member') ?? node.children.get('member'));
      return numbered(parent ?? node).map((child, index) =>
        decodeNode(type.element, child, style, `${path}.${index + 1}`, depth + 1),
      );
    }
    case 'map': {
      const entries = numbered(member.flattened ? node : (node.children.get('entry') ?? node));
      return Object.fromEntries(
        entries.map((entry) => [
          entry.children.get(type.key.xmlName ?? 'key')?.value ?? '',
          decodeEntry(type.value, entry, style, path, depth),
        ]),
      );
    }
    default:
      return node.value === undefined ? undefined : decodeScalar(type, node.value, path, style);
  }
}

function decodeEntry(value: Member, entry: FormNode, style: QueryStyle, path: string, depth: number): unknown {
  const child = entry.children.get(value.xmlName ?? 'value');
  return child === undefined ? '' : decodeNode(value, child, style, `${path}.value`, depth + 1);
}

function decodeScalar(type: Type, text: string, path: string, style: QueryStyle): unknown {
  switch (type.kind) {
    case 'integer':
      if (!/^[+-]?\d{1,15}$/.test(text)) throw style.mismatch(path, text, 'integer');
      return Number(text);
    case 'double':
      if (text === '' || Number.isNaN(Number(text))) throw style.mismatch(path, text, 'double');
      return Number(text);
    case 'boolean':
      if (!/^(true|false)$/i.test(text)) throw style.mismatch(path, text, 'boolean');
      return text.toLowerCase() === 'true';
    case 'timestamp': {
      const moment = parseTimestamp(text);
      if (moment === undefined) throw style.mismatch(path, text, 'timestamp');
      return moment;
    }
    case 'blob':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}
