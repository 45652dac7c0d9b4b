import { RE2JS } from 're2js';

/** A text matcher whose time is bounded by pattern and text: RE2, as Go's regexp has it. */
export interface Pattern {
  /** Whether the pattern is found anywhere in the text. */
  matches(text: string): boolean;
}

/** Patterns longer than this are refused: what they compile to grows with them. */
const longest = 10_000;
const kept = 1000;
const compiled = new Map<string, Pattern>();

/** Compiles a pattern. @throws SyntaxError that says what is wrong with it, in Go's words as far as they are known */
export function compilePattern(text: string): Pattern {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  if (text.length > longest) throw new SyntaxError('error parsing regexp: expression too large');
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(text);
  } catch (error) {
    throw new SyntaxError(error instanceof Error ? error.message : String(error));
  }
  const pattern: Pattern = { matches: (value) => expression.matcher(value).find() };
  if (compiled.size >= kept) compiled.clear();
  compiled.set(text, pattern);
  return pattern;
}

/** What is wrong with a pattern; undefined when nothing is. */
export function patternProblem(text: string): string | undefined {
  try {
    compilePattern(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
