import { assert } from '@keelson/base';
import type { PolicyRule } from '../policy-rule.ts';

/** A role as the tables of this folder write it. */
export interface NotedRole {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

const verbSets: Readonly<Record<string, readonly string[]>> = {
  read: ['get', 'list', 'watch'],
  write: ['create', 'delete', 'deletecollection', 'patch', 'update'],
  readwrite: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
  readupdate: ['get', 'list', 'patch', 'update', 'watch'],
};

/**
 * Reads roles in the notation of this folder: a line that is not indented names a role, an indented one is a rule
 * `VERBS GROUPS RESOURCES [NAMES]`, lists with commas, `core` for the core group, `read`, `write`, `readwrite` and
 * `readupdate` for the usual verbs; `VERBS url PATHS` is a rule for paths, `events` the rule that lets a component write
 * events. A line that ends in `since=34` counts from Kubernetes 1.34 on. What RBAC keeps sorted is sorted.
 */
export function readRoles(text: string, minor: number): NotedRole[] {
  const roles: { name: string; rules: PolicyRule[] }[] = [];
  let skipping = false;
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '') continue;
    const since = words.at(-1)!.startsWith('since=') ? Number(words.pop()!.slice('since='.length)) : 0;
    if (!line.startsWith(' ')) {
      skipping = minor < since;
      if (!skipping) roles.push({ name: words[0]!, rules: [] });
    } else if (!skipping && minor >= since) {
      assert(roles.length > 0, 'a rule stands below its role');
      roles.at(-1)!.rules.push(readRule(words));
    }
  }
  return roles;
}

function readRule(words: readonly string[]): PolicyRule {
  if (words[0] === 'events') return readRule(['create,patch,update', 'core,events.k8s.io', 'events']);
  const [verbs, groups, resources, names] = words;
  assert(verbs !== undefined && groups !== undefined && resources !== undefined, `incomplete rule ${words.join(' ')}`);
  const verbList = sorted(verbSets[verbs] ?? verbs.split(','));
  if (groups === 'url') return { nonResourceURLs: sorted(resources.split(',')), verbs: verbList };
  return {
    apiGroups: sorted(groups.split(',').map((group) => (group === 'core' ? '' : group))),
    ...(names !== undefined ? { resourceNames: sorted(names.split(',')) } : {}),
    resources: sorted(resources.split(',')),
    verbs: verbList,
  };
}

function sorted(list: readonly string[]): string[] {
  return [...list].sort();
}
