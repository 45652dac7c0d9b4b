import { getOwn, isProperties } from '../codec/own-property.ts';
import { type FilterTerm, JsonPathParser, type Step } from './json-path-parser.ts';

/** An expression of kubectl's JSONPath (https://kubernetes.io/docs/reference/kubectl/jsonpath/). */
export interface JsonPath {
  /** What the path leads to; empty where something on the way is missing or of another form. Bounded. */
  find(value: unknown): unknown[];
}

/** Values that one path may lead to: a path can visit a value more than once. */
const mostResults = 10_000;

/**
 * Reads a path without the braces around it: `.spec.replicas`, `.status.conditions[?(@.type=="Ready")].status`.
 * @throws SyntaxError when it is none
 */
export function parseJsonPath(text: string): JsonPath {
  const steps = new JsonPathParser(text).parse();
  return { find: (value) => follow(steps, [value], value) };
}

function follow(steps: readonly Step[], from: readonly unknown[], root: unknown): unknown[] {
  let found: unknown[] = [...from];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of found) {
      for (const result of take(step, value, root)) {
        if (next.length >= mostResults) return next;
        next.push(result);
      }
    }
    found = next;
  }
  return found;
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.form) {
    case 'root':
      return [root];
    case 'field':
      return isProperties(value) && Object.hasOwn(value, step.name) ? [getOwn(value, step.name)] : [];
    case 'wildcard':
      return childrenOf(value);
    case 'recursive':
      return descendants(value);
    case 'slice':
      return Array.isArray(value) ? slice(value, step.from, step.to, step.by) : [];
    case 'union':
      return step.paths.flatMap((path) => follow(path, [value], root));
    default:
      return Array.isArray(value) ? value.filter((element) => holds(step, element, root)) : [];
  }
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isProperties(value) ? Object.values(value) : [];
}

function descendants(value: unknown): unknown[] {
  const found: unknown[] = [];
  const waiting = [value];
  while (waiting.length > 0 && found.length < mostResults) {
    const next = waiting.shift();
    found.push(next);
    if (waiting.length < mostResults) waiting.push(...childrenOf(next).slice(0, mostResults));
  }
  return found;
}

function slice(list: readonly unknown[], from = 0, to: number | undefined, by: number | undefined): unknown[] {
  const start = from < 0 ? from + list.length : from;
  let end = to ?? list.length;
  if (end < 0 || (end === 0 && from < 0)) end += list.length;
  const found: unknown[] = [];
  for (let at = start; at >= 0 && at < Math.min(end, list.length); at += by ?? 1) found.push(list[at]);
  return found;
}

function holds(step: Extract<Step, { form: 'filter' }>, element: unknown, root: unknown): boolean {
  const left = termValues(step.left, element, root);
  if (step.operator === 'exists') return left.length > 0;
  const right = termValues(step.right!, element, root);
  if (left.length !== 1 || right.length !== 1) return false;
  const [one, other] = [left[0], right[0]];
  if (step.operator === '==') return one === other;
  if (step.operator === '!=') return one !== other;
  if (typeof one !== typeof other || (typeof one !== 'number' && typeof one !== 'string')) return false;
  const [low, high] = [one as number, other as number];
  if (step.operator === '<') return low < high;
  if (step.operator === '<=') return low <= high;
  return step.operator === '>' ? low > high : low >= high;
}

function termValues(term: FilterTerm, element: unknown, root: unknown): unknown[] {
  return 'value' in term ? [term.value] : follow(term.steps, [element], root);
}
