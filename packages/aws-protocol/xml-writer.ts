import type { Member, StructureType, Type } from './service-table.ts';
import { formatTimestamp, millisecondsOf } from './timestamps.ts';

/** What XML 1.0 has no way to write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be written
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };

/** Text inside an element. A character that XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(forbidden, '\ufffd').replace(/[&<>"\r]/g, (character) => escapes[character]!);
}

export interface XmlStyle {
  /** Timestamps always carry milliseconds. */
  readonly fraction: boolean;
}

/** The members of `value` as elements, in the table's order. */
export function xmlMembers(type: StructureType, value: unknown, style: XmlStyle): string {
  const record = (value ?? {}) as Record<string, unknown>;
  let out = '';
  for (const member of type.members) {
    const item = record[member.name];
    if (item !== undefined && item !== null) out += xmlMember(member, item, style);
  }
  return out;
}

function xmlMember(member: Member, value: unknown, style: XmlStyle): string {
  const name = member.xmlName ?? member.name;
  const { type } = member;
  if (member.flattened && type.kind === 'list')
    return (value as unknown[]).map((item) => element(name, xmlValue(type.element.type, item, style))).join('');
  return element(name, xmlValue(type, value, style));
}

function xmlValue(type: Type, value: unknown, style: XmlStyle): string {
  switch (type.kind) {
    case 'structure':
      return xmlMembers(type, value, style);
    case 'list': {
      const name = type.element.xmlName ?? 'member';
      return (value as unknown[]).map((item) => element(name, xmlValue(type.element.type, item, style))).join('');
    }
    case 'map':
      return Object.entries(value as object)
        .map(([key, item]) => {
          const pair =
            element(type.key.xmlName ?? 'key', escapeXml(key)) +
            element(type.value.xmlName ?? 'value', xmlValue(type.value.type, item, style));
          return element('entry', pair);
        })
        .join('');
    case 'timestamp':
      return formatTimestamp(millisecondsOf(value), type.format ?? 'date-time', style.fraction);
    case 'blob':
      return typeof value === 'string' ? value : Buffer.from(value as Uint8Array).toString('base64');
    default:
      return escapeXml(String(value));
  }
}

export function element(name: string, content: string): string {
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}
