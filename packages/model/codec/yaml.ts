import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type ScalarTag, type Tags } from 'yaml';
import { DecodeError } from './decode-error.ts';
import { duplicateFields } from './duplicate-fields.ts';

/** Nodes that aliases may add in all; a document of the API has no use for more. */
const mostAliases = 100;
/** Levels of lists and maps. The parser's time and stack go with them, and no kind of the API has a tenth of them. */
const mostLevels = 300;

/**
 * Upstream reads YAML 1.1 (yes, no, on and off are booleans, 0755 is octal) with three exceptions: times stay text, so
 * do numbers in base 60, and the collections with tags of their own are unknown.
 */
function kubernetesTags(tags: Tags): Tags {
  const without = ['timestamp', 'binary', 'omap', 'pairs', 'set'].map((name) => `tag:yaml.org,2002:${name}`);
  return tags.filter((tag) => {
    if (typeof tag === 'string') return true;
    return !without.includes(tag.tag) && (tag as ScalarTag).format !== 'TIME';
  });
}

/** At most so many levels a text can have: brackets that are open, and how far a line's first word stands to the right. */
function levelsOf(text: string): number {
  let most = 0;
  let open = 0;
  let leading = 0;
  let atStart = true;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) open++;
    else if ((code === 0x5d || code === 0x7d) && open > 0) open--;
    if (code === 0x0a) {
      leading = 0;
      atStart = true;
    } else if (atStart) {
      // Spaces, and the signs of a list's item, a key and a value, each of which opens a level.
      atStart = code === 0x20 || code === 0x2d || code === 0x3f || code === 0x3a;
      if (atStart) leading++;
    }
    if (open + leading > most) most = open + leading;
  }
  return most;
}

/** The keys that are given twice in one map, in upstream's words, as far as they are text. */
function repeatedKeys(root: Node | null, lines: LineCounter): string[] {
  const repeated: string[] = [];
  const waiting: unknown[] = [root];
  for (let node = waiting.pop(); node !== undefined || waiting.length > 0; node = waiting.pop()) {
    if (isSeq(node)) waiting.push(...node.items.toReversed());
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key } of node.items) {
      const name = isScalar(key) ? key.value : key;
      if (isScalar(key) && seen.has(name))
        repeated.push(
          `  line ${lines.linePos(key.range![0]).line}: key ${JSON.stringify(String(name))} already set in map`,
        );
      seen.add(name);
    }
    waiting.push(...node.items.map(({ value }) => value).toReversed());
  }
  return repeated;
}

/** Many send JSON under YAML's name, and it is read in a hundredth of the time. Undefined for what is YAML, or has keys twice. */
function asJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return duplicateFields(Buffer.from(text), value).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the first document of a YAML text. @returns its value as JSON would have it, and the keys that are given twice,
 * in upstream's words. @throws DecodeError for a text that is no YAML, or whose levels or aliases blow it up.
 */
export function parseYaml(text: string): { value: unknown; duplicate: string[] } {
  const json = asJson(text);
  if (json !== undefined) return { value: json, duplicate: [] };
  if (levelsOf(text) > mostLevels)
    throw new DecodeError(`error converting YAML to JSON: yaml: exceeded max depth of ${mostLevels}`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    customTags: kubernetesTags,
    logLevel: 'silent',
    prettyErrors: false,
    stringKeys: false,
    // It compares every key with every other; repeatedKeys does not.
    uniqueKeys: false,
    lineCounter: lines,
  });
  const error = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new DecodeError(`error converting YAML to JSON: yaml: line ${line}: ${error.message}`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    throw new DecodeError('error converting YAML to JSON: yaml: document contains excessive aliasing');
  }
  const repeated = repeatedKeys(document.contents, lines);
  const duplicate =
    repeated.length === 0 ? [] : [`error converting YAML to JSON: yaml: unmarshal errors:\n${repeated.join('\n')}`];
  return { value, duplicate };
}
