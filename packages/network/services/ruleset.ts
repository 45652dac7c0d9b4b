/** The one table that holds every rule of Services. It has the name that kube-proxy's nftables mode gives it (KEP-3866). */
export const proxyTable = 'ip kube-proxy';

/** A chain by its content. `hook` makes it a base chain: `type nat hook output priority -100; policy accept;`. */
export interface Chain {
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** A set or a map of the table. Its elements are the plan's, or, for one that rules fill, nobody's (`elements` absent). */
export interface Collection {
  readonly kind: 'set' | 'map';
  /** What stands between the braces: `type ipv4_addr;`. */
  readonly declaration: string;
  /** Key to value (`''` for a set): `10.100.0.1 . tcp . 443` to `goto service-…`. */
  readonly elements?: ReadonlyMap<string, string>;
}

/** What the table should hold. */
export interface Ruleset {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly collections: ReadonlyMap<string, Collection>;
}

export const emptyRuleset: Ruleset = { chains: new Map(), collections: new Map() };

/** Two inputs of `nft -f`, each a transaction; either may be '' when there is nothing to do. */
export interface Transactions {
  /** Everything that traffic sees. */
  readonly apply: string;
  /**
   * Removes what nothing refers to any more. Apart, because some kernels free the elements of a verdict map later than
   * the transaction that removed them, and until then refuse to delete the chains they went to.
   */
  readonly cleanup: string;
}

const elementsInOneCommand = 256;

/** One transaction that makes the table from nothing, whatever was there before. */
export function renderRuleset(ruleset: Ruleset): string {
  const afresh = [`add table ${proxyTable}`, `delete table ${proxyTable}`, `add table ${proxyTable}`];
  return `${afresh.join('\n')}\n${rulesetChanges(emptyRuleset, ruleset).apply}`;
}

/** The transactions that lead from one state of the table to another; the smallest at the level of chains and elements. */
export function rulesetChanges(before: Ruleset, after: Ruleset): Transactions {
  const declare: string[] = [];
  const rules: string[] = [];
  const elements: string[] = [];
  const cleanup: string[] = [];
  for (const [name, collection] of after.collections) {
    if (!before.collections.has(name))
      declare.push(`add ${collection.kind} ${proxyTable} ${name} { ${collection.declaration} }`);
  }
  for (const [name, chain] of after.chains) {
    const known = before.chains.get(name);
    if (known === chain || (known !== undefined && sameRules(known, chain))) continue;
    if (known === undefined) declare.push(`add chain ${proxyTable} ${name}${chain.hook ? ` { ${chain.hook} }` : ''}`);
    else rules.push(`flush chain ${proxyTable} ${name}`);
    for (const rule of chain.rules) rules.push(`add rule ${proxyTable} ${name} ${rule}`);
  }
  for (const [name, collection] of after.collections)
    elements.push(...elementChanges(name, before.collections.get(name), collection));
  const stale = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  for (const name of stale) rules.push(`flush chain ${proxyTable} ${name}`);
  for (const name of stale) cleanup.push(`delete chain ${proxyTable} ${name}`);
  for (const [name, { kind }] of before.collections)
    if (!after.collections.has(name)) cleanup.push(`delete ${kind} ${proxyTable} ${name}`);
  return { apply: joinLines([...declare, ...rules, ...elements]), cleanup: joinLines(cleanup) };
}

function elementChanges(name: string, before: Collection | undefined, after: Collection): string[] {
  const was = before?.elements ?? new Map<string, string>();
  const is = after.elements ?? new Map<string, string>();
  const removed: string[] = [];
  const added: string[] = [];
  for (const [key, value] of was) if (is.get(key) !== value) removed.push(element(key, value));
  for (const [key, value] of is) if (was.get(key) !== value) added.push(element(key, value));
  return [...inCommands('delete', name, removed), ...inCommands('add', name, added)];
}

function element(key: string, value: string): string {
  return value === '' ? key : `${key} : ${value}`;
}

function inCommands(verb: 'add' | 'delete', name: string, elements: readonly string[]): string[] {
  const commands: string[] = [];
  for (let start = 0; start < elements.length; start += elementsInOneCommand) {
    const some = elements.slice(start, start + elementsInOneCommand);
    commands.push(`${verb} element ${proxyTable} ${name} { ${some.join(', ')} }`);
  }
  return commands;
}

function sameRules(one: Chain, other: Chain): boolean {
  return one.rules.length === other.rules.length && one.rules.every((rule, index) => rule === other.rules[index]);
}

function joinLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
