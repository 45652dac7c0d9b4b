import { parseDocument, type ScalarTag, type Tags } from 'yaml';
import { DecodeError } from './decode-error.ts';

/** Nodes that aliases may add in all; a document of the API has no use for more. */
const mostAliases = 100;

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

/**
 * Reads the first document of a YAML text. @returns its value as JSON would have it, and the keys that are given twice,
 * in upstream's words. @throws DecodeError for a text that is no YAML, or whose aliases blow it up.
 */
export function parseYaml(text: string): { value: unknown; duplicate: string[] } {
  const document = parseDocument(text, {
    version: '1.1',
    customTags: kubernetesTags,
    logLevel: 'silent',
    prettyErrors: true,
    stringKeys: false,
  });
  const repeated: string[] = [];
  for (const error of document.errors) {
    const line = error.linePos?.[0].line ?? 1;
    if (error.code === 'MULTIPLE_DOCS') continue;
    if (error.code !== 'DUPLICATE_KEY') {
      const words = error.message.split(/ at line |\n/)[0]!;
      throw new DecodeError(`error converting YAML to JSON: yaml: line ${line}: ${words}`);
    }
    const key = /^\s*(?:- )*["']?([^"':]*)/.exec(text.slice(error.pos[0]))?.[1] ?? '';
    repeated.push(`  line ${line}: key ${JSON.stringify(key.trim())} already set in map`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    throw new DecodeError('error converting YAML to JSON: yaml: document contains excessive aliasing');
  }
  const duplicate =
    repeated.length === 0 ? [] : [`error converting YAML to JSON: yaml: unmarshal errors:\n${repeated.join('\n')}`];
  return { value, duplicate };
}
