import { filterTable } from './vpc-filter.ts';

type Kind = 'chain' | 'map' | 'set';

interface Block {
  readonly kind: Kind;
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * What brings one ruleset of a VPC to another, as `nft -f` takes it: in one step, and naming only chains and elements
 * that differ, so that a rule in a VPC of thousands of addresses costs no more than in a small one. Both are texts of
 * `filterRules`. Empty when they are the same.
 */
export function filterChanges(before: string, after: string): string {
  const [old, wanted] = [blocksOf(before), blocksOf(after)];
  const differing = [...wanted.values()].filter((block) => textOf(old.get(keyOf(block))) !== textOf(block));
  const removed = [...old.values()].filter((block) => !wanted.has(keyOf(block)));
  const redefined = differing.filter((block) => block.kind === 'chain' || !old.has(keyOf(block)));
  const emptied = [...removed, ...differing].filter((block) => block.kind === 'chain' && old.has(keyOf(block)));
  const elements = differing
    .filter((block) => block.kind !== 'chain' && old.has(keyOf(block)))
    .map((block) => elementChanges(old.get(keyOf(block))!, block));
  const order: readonly Kind[] = ['chain', 'map', 'set'];
  const lines = [
    ...emptied.map(({ name }) => `flush chain inet ${filterTable} ${name}`),
    // Verdicts that name a chain go before it, and come after it.
    ...elements.flatMap(({ gone }) => gone),
    ...(redefined.length === 0
      ? []
      : [`table inet ${filterTable} {`, ...redefined.flatMap((block) => block.lines), '}']),
    ...elements.flatMap(({ come }) => come),
    ...removed.filter(({ kind }) => kind === 'map').map(({ name }) => `flush map inet ${filterTable} ${name}`),
    ...order.flatMap((kind) =>
      removed.filter((block) => block.kind === kind).map(({ name }) => `delete ${kind} inet ${filterTable} ${name}`),
    ),
  ];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

const keyOf = ({ kind, name }: Block) => `${kind} ${name}`;
const textOf = (block: Block | undefined) => block?.lines.join('\n');

function blocksOf(text: string): Map<string, Block> {
  const blocks = new Map<string, Block>();
  let current: { kind: Kind; name: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const opening = /^ {2}(chain|map|set) (\S+) \{$/.exec(line);
    if (opening) current = { kind: opening[1] as Kind, name: opening[2]!, lines: [] };
    current?.lines.push(line);
    if (line === '  }' && current) {
      blocks.set(keyOf(current), current);
      current = undefined;
    }
  }
  return blocks;
}

function elementsOf({ lines }: Block): Set<string> {
  const list = lines.map((line) => /^ {4}elements = \{ (.*) \}$/.exec(line)?.[1]).find((found) => found !== undefined);
  return new Set(list?.split(', ') ?? []);
}

function elementChanges(before: Block, after: Block): { readonly gone: string[]; readonly come: string[] } {
  const [had, has] = [elementsOf(before), elementsOf(after)];
  const target = `element inet ${filterTable} ${after.name}`;
  const gone = [...had].filter((element) => !has.has(element));
  const come = [...has].filter((element) => !had.has(element));
  return {
    gone: gone.length === 0 ? [] : [`delete ${target} { ${gone.join(', ')} }`],
    come: come.length === 0 ? [] : [`add ${target} { ${come.join(', ')} }`],
  };
}
