import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '@keelson/model/generated/types/core-v1.ts';
import type { LabelSelector } from '@keelson/model/generated/types/meta-v1.ts';

export type Labels = Readonly<Record<string, string>>;

/** A test of labels that was compiled once and is run for many objects. */
export type LabelTest = (labels: Labels) => boolean;

const never: LabelTest = () => false;

/**
 * A metav1.LabelSelector. An absent selector matches nothing, an empty one everything (as pod affinity and topology
 * spreading have it). An operator that does not exist matches nothing: the API server refuses it.
 */
export function compileLabelSelector(selector: LabelSelector | undefined): LabelTest {
  if (selector === undefined) return never;
  const tests: LabelTest[] = Object.entries(selector.matchLabels ?? {}).map(
    ([name, value]) =>
      (labels) =>
        labels[name] === value,
  );
  for (const { key, operator, values } of selector.matchExpressions ?? [])
    tests.push(compileRequirement(key, operator, values ?? []));
  return all(tests);
}

/** One requirement of a label or node selector; `Gt` and `Lt` compare whole numbers. */
function compileRequirement(name: string, operator: string, values: readonly string[]): LabelTest {
  const set = new Set(values);
  switch (operator) {
    case 'In':
      return (labels) => labels[name] !== undefined && set.has(labels[name]);
    case 'NotIn':
      return (labels) => labels[name] === undefined || !set.has(labels[name]);
    case 'Exists':
      return (labels) => labels[name] !== undefined;
    case 'DoesNotExist':
      return (labels) => labels[name] === undefined;
    case 'Gt':
    case 'Lt':
      return compileComparison(name, operator, values);
    default:
      return never;
  }
}

function compileComparison(name: string, operator: 'Gt' | 'Lt', values: readonly string[]): LabelTest {
  const bound = wholeNumber(values[0]);
  if (values.length !== 1 || bound === undefined) return never;
  return (labels) => {
    const value = wholeNumber(labels[name]);
    if (value === undefined) return false;
    return operator === 'Gt' ? value > bound : value < bound;
  };
}

function wholeNumber(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}

function all(tests: readonly LabelTest[]): LabelTest {
  if (tests.length === 1) return tests[0]!;
  return (labels) => tests.every((test) => test(labels));
}

/** What a node selector looks at. */
export interface NodeIdentity {
  readonly name: string;
  readonly labels: Labels;
}

export type NodeTest = (node: NodeIdentity) => boolean;

/** A core/v1 NodeSelector: its terms are alternatives, a term without requirements matches nothing. */
export function compileNodeSelector(selector: NodeSelector): NodeTest {
  const terms = (selector.nodeSelectorTerms ?? []).map(compileNodeSelectorTerm);
  return (node) => terms.some((term) => term(node));
}

/** One term: all its expressions over labels and all its fields (metadata.name alone exists) must hold. */
export function compileNodeSelectorTerm(term: NodeSelectorTerm): NodeTest {
  const expressions = (term.matchExpressions ?? []).map(compileNodeRequirement);
  const fields = (term.matchFields ?? []).map(compileNodeRequirement);
  if (expressions.length + fields.length === 0) return () => false;
  return ({ name, labels }) => {
    const named = { 'metadata.name': name };
    return expressions.every((test) => test(labels)) && fields.every((test) => test(named));
  };
}

function compileNodeRequirement({ key, operator, values }: NodeSelectorRequirement): LabelTest {
  return compileRequirement(key, operator, values ?? []);
}
