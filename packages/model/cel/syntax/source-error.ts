import { CelCompileError, type CelIssue } from '../contract.ts';

/** More issues than this are counted, not listed (cel-go's limit). */
const maxIssues = 100;
/** A longer line is not shown below the message (cel-go's limit). */
const maxSnippetLength = 16_384;

function pointer(line: readonly string[], column: number): string {
  let text = '';
  for (const character of line.slice(0, column)) text += character.codePointAt(0)! > 0x7f ? '．' : '.';
  const marked = line[column];
  return text + (marked !== undefined && marked.codePointAt(0)! > 0x7f ? '＾' : '^');
}

function display(issue: CelIssue, lines: readonly string[]): string {
  const head = `ERROR: <input>:${issue.line}:${issue.column + 1}: ${issue.message}`;
  const line = lines[issue.line - 1];
  if (line === undefined || line.length > maxSnippetLength) return head;
  const plain = line.replaceAll('\t', ' ');
  return `${head}\n | ${plain}\n | ${pointer([...plain], issue.column)}`;
}

/** Collects what is wrong with one text. */
export class SourceErrors {
  readonly issues: CelIssue[] = [];
  private readonly text: string;
  private truncated = 0;
  private lineStarts: number[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get any(): boolean {
    return this.issues.length > 0;
  }

  /** Reports at an offset in UTF-16 units; undefined when the issue has no place. */
  report(offset: number | undefined, message: string): void {
    if (this.issues.length >= maxIssues) {
      this.truncated += 1;
      return;
    }
    this.issues.push(offset === undefined ? { line: -1, column: -1, message } : { ...this.placeOf(offset), message });
  }

  toError(): CelCompileError {
    const lines = this.text.split('\n');
    const sorted = this.issues.toSorted((left, right) => left.line - right.line || left.column - right.column);
    const texts = sorted.map((issue) => display(issue, lines));
    if (this.truncated > 0) texts.push(`${this.truncated} more errors were truncated`);
    return new CelCompileError(texts.join('\n'), sorted);
  }

  private placeOf(offset: number): { line: number; column: number } {
    if (this.lineStarts === undefined) {
      this.lineStarts = [0];
      for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1))
        this.lineStarts.push(at + 1);
    }
    let line = this.lineStarts.length;
    while (line > 1 && this.lineStarts[line - 1]! > offset) line -= 1;
    const start = this.lineStarts[line - 1]!;
    return { line, column: [...this.text.slice(start, offset)].length };
  }
}
