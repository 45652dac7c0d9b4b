/** An element of an answer in EC2's XML: its text, or its children by name in their order. */
export interface XmlElement {
  readonly text: string;
  readonly children: readonly (readonly [string, XmlElement])[];
}

const maximumDepth = 32;

/**
 * Reads the XML that EC2 writes: elements and text, without doctype, CDATA or entities of its own. Attributes are
 * passed over. @throws Error when it is something else
 */
export function readXml(text: string): XmlElement {
  const stack: { name: string; text: string; children: [string, XmlElement][] }[] = [
    { name: '', text: '', children: [] },
  ];
  const pattern = /<\?[^>]*\?>|<(\/?)([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)(\/?)>|([^<]+)/gy;
  let at = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    at = pattern.lastIndex;
    const [, closing, name, , empty, characters] = match;
    const top = stack.at(-1)!;
    if (characters !== undefined) top.text += unescaped(characters);
    else if (name === undefined) continue;
    else if (closing) {
      if (stack.length < 2 || top.name !== name) throw new Error('the XML is not well formed');
      stack.pop();
      stack.at(-1)!.children.push([name, top]);
    } else if (empty) top.children.push([name, { text: '', children: [] }]);
    else if (stack.length > maximumDepth) throw new Error('the XML is too deep');
    else stack.push({ name, text: '', children: [] });
  }
  if (at !== text.length || stack.length !== 1) throw new Error('the XML is not well formed');
  return stack[0]!;
}

/** The element that the names lead to from one to the next. */
export function elementAt(from: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  let found = from;
  for (const name of names) found = found?.children.find(([own]) => own === name)?.[1];
  return found;
}

/** Its text, '' where it is not there. */
export function textAt(from: XmlElement | undefined, ...names: readonly string[]): string {
  return elementAt(from, ...names)?.text ?? '';
}

/** The `item`s of a list. */
export function itemsAt(from: XmlElement | undefined, ...names: readonly string[]): XmlElement[] {
  const list = elementAt(from, ...names)?.children ?? [];
  return list.filter(([name]) => name === 'item').map(([, element]) => element);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|[a-z]+);/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
