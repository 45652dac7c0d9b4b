/** One directive of a Corefile with its block, as it is written. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly block: readonly Directive[];
  readonly line: number;
}

/** Directives for the zones and the port of one server block. */
export interface ServerBlock {
  /** Without the dot at the end; '' is the root. */
  readonly zones: readonly string[];
  readonly port: number;
  readonly directives: readonly Directive[];
}

/** What is wrong in a Corefile, worded as CoreDNS words it. */
export class CorefileError extends Error {
  override readonly name = 'CorefileError';

  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line} - Error during parsing: ${problem}`);
  }
}

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

const maximumDepth = 8;

/** Reads a Corefile. `{$NAME}` stands for a variable of `environment`. @throws CorefileError */
export function parseCorefile(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>> = {},
) {
  const filled = text.replace(/\{\$([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => environment[name] ?? '');
  const tokens = tokensOf(filled, file);
  const blocks: ServerBlock[] = [];
  for (let at = 0; at < tokens.length; ) {
    const addresses: Token[] = [];
    while (at < tokens.length && !isBrace(tokens[at], '{')) addresses.push(tokens[at++]!);
    const open = tokens[at];
    if (open === undefined) throw new CorefileError(file, tokens.at(-1)!.line, "Unexpected EOF, expecting '{'");
    if (addresses.length === 0) throw new CorefileError(file, open.line, 'a server block has no zone');
    const { directives, next } = readBlock(tokens, at + 1, file, 1);
    blocks.push(...serverBlocks(addresses, directives, file));
    at = next;
  }
  return blocks;
}

function serverBlocks(addresses: readonly Token[], directives: readonly Directive[], file: string): ServerBlock[] {
  const byPort = new Map<number, string[]>();
  for (const { text, line } of addresses) {
    const match = /^(?:dns:\/\/)?([^:/,]*)(?::(\d{1,5}))?,?$/.exec(text);
    const port = Number(match?.[2] ?? 53);
    if (match === null || port > 65_535) throw new CorefileError(file, line, `not a valid zone or port: ${text}`);
    const zone = match[1]!.replace(/\.$/, '').toLowerCase();
    const zones = byPort.get(port) ?? [];
    byPort.set(port, [...zones, zone]);
  }
  return [...byPort].map(([port, zones]) => ({ port, zones, directives }));
}

function readBlock(tokens: readonly Token[], start: number, file: string, depth: number) {
  const directives: Directive[] = [];
  let at = start;
  for (;;) {
    const first = tokens[at];
    if (first === undefined) throw new CorefileError(file, tokens.at(-1)!.line, "Unexpected EOF, expecting '}'");
    if (isBrace(first, '}')) return { directives, next: at + 1 };
    if (isBrace(first, '{') || depth > maximumDepth)
      throw new CorefileError(file, first.line, `Unexpected token '${first.text}', expecting a directive`);
    at++;
    const words: string[] = [];
    let block: Directive[] = [];
    while (tokens[at]?.line === first.line && !isBrace(tokens[at], '}')) {
      if (isBrace(tokens[at], '{')) {
        const inner = readBlock(tokens, at + 1, file, depth + 1);
        block = inner.directives;
        at = inner.next;
        break;
      }
      words.push(tokens[at++]!.text);
    }
    directives.push({ name: first.text, words, block, line: first.line });
  }
}

function isBrace(token: Token | undefined, brace: '{' | '}'): boolean {
  return token !== undefined && !token.quoted && token.text === brace;
}

/** Words apart by white space; `#` begins a comment, and quotes hold a word together. */
function tokensOf(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  const lines = text.split('\n');
  for (const [index, content] of lines.entries()) {
    const pattern = /\s*(?:#.*$|"((?:[^"\\]|\\.)*)"|([^\s"#][^\s]*))|\s*(")/gy;
    for (;;) {
      const match = pattern.exec(content);
      if (match === null) break;
      if (match[3] !== undefined) throw new CorefileError(file, index + 1, 'a quote is not closed');
      const [, quoted, plain] = match;
      if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(.)/g, '$1'), line: index + 1, quoted: true });
      else if (plain !== undefined) tokens.push({ text: plain, line: index + 1, quoted: false });
    }
  }
  return tokens;
}
