import { type PolicyRule, urlMatches } from './policy-rule.ts';

const none: readonly string[] = [];

/** What of `wanted` the rules of `held` do not allow, broken down to one verb and one thing each; empty when all is held. */
export function uncoveredRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(atomicRules).filter((atom) => !held.some((rule) => covers(rule, atom)));
}

/** Rules that differ only by verb, on one resource, put together again; for people to read. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const simple = new Map<string, { verbs: string[] } & PolicyRule>();
  for (const rule of rules) {
    if (!isSimple(rule)) {
      compacted.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources]);
    const known = simple.get(key);
    if (known === undefined) simple.set(key, { ...rule, verbs: [...rule.verbs] });
    else known.verbs.push(...rule.verbs);
  }
  return [...compacted, ...simple.values()];
}

function isSimple(rule: PolicyRule): boolean {
  return (
    (rule.resourceNames ?? none).length === 0 &&
    (rule.nonResourceURLs ?? none).length === 0 &&
    (rule.apiGroups ?? none).length === 1 &&
    (rule.resources ?? none).length === 1
  );
}

function atomicRules(rule: PolicyRule): PolicyRule[] {
  const atoms: PolicyRule[] = [];
  const names = rule.resourceNames ?? none;
  for (const apiGroup of rule.apiGroups ?? none) {
    for (const resource of rule.resources ?? none) {
      for (const verb of rule.verbs) {
        const atom = { apiGroups: [apiGroup], resources: [resource], verbs: [verb] };
        if (names.length === 0) atoms.push(atom);
        else for (const name of names) atoms.push({ ...atom, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? none) {
    for (const verb of rule.verbs) atoms.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return atoms;
}

function covers(rule: PolicyRule, atom: PolicyRule): boolean {
  const verb = atom.verbs[0]!;
  if (!rule.verbs.includes('*') && !rule.verbs.includes(verb)) return false;
  if (atom.nonResourceURLs !== undefined) {
    return (rule.nonResourceURLs ?? none).some((url) => urlMatches(url, atom.nonResourceURLs![0]!));
  }
  const groups = rule.apiGroups ?? none;
  if (!groups.includes('*') && !groups.includes(atom.apiGroups![0]!)) return false;
  if (!coversResource(rule.resources ?? none, atom.resources![0]!)) return false;
  const names = rule.resourceNames ?? none;
  const name = atom.resourceNames?.[0];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function coversResource(resources: readonly string[], wanted: string): boolean {
  if (resources.includes('*') || resources.includes(wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && resources.includes(`*/${wanted.slice(slash + 1)}`);
}
