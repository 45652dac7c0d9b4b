import type {
  Node,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '@keelson/model/generated/types/core-v1.ts';

/** Whether one of the selector's terms holds for the node (core/v1 NodeSelector). */
export function matchesNodeSelector(node: Node, selector: NodeSelector): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(node, term));
}

function matchesTerm(node: Node, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  const labels = node.metadata?.labels ?? {};
  return (
    expressions.every((requirement) => holds(requirement, labels[requirement.key])) &&
    fields.every((requirement) => requirement.key === 'metadata.name' && holds(requirement, node.metadata?.name))
  );
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  const whole = (text: string | undefined) =>
    text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
  const [left, right] = [whole(value), whole(values[0])];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return left !== undefined && right !== undefined && left > right;
    case 'Lt':
      return left !== undefined && right !== undefined && left < right;
    default:
      return false;
  }
}
