import {
  type ApiObject,
  type GroupVersionKind,
  type LabelSelector,
  type LabelSelectorObject,
  type Resource,
  type ResourceCatalogue,
  selectorFromObject,
} from '@keelson/model';
import type { AdmissionRequest, ObjectReader } from '../contract.ts';
import { missing } from '../refusal.ts';
import { EquivalentResources } from './equivalent-resources.ts';
import { type Rule, ruleMatches } from './rule.ts';

/** What a webhook or a policy says of the requests that it is for. */
export interface MatchConstraints {
  readonly rules: readonly Rule[];
  /** Requests that are not matched whatever `rules` say. */
  readonly excludeRules?: readonly Rule[];
  /** By default Equivalent. */
  readonly matchPolicy?: string;
  /** Absent: every one. */
  readonly namespaceSelector?: LabelSelectorObject;
  readonly objectSelector?: LabelSelectorObject;
}

/** The same, ready to be asked. */
export interface CompiledConstraints {
  readonly rules: readonly Rule[];
  readonly excludeRules: readonly Rule[];
  readonly equivalent: boolean;
  readonly namespaces: LabelSelector;
  readonly objects: LabelSelector;
}

/** A request that is matched, and as which resource: another version's under Equivalent. */
export interface RequestMatch {
  readonly resource: Resource;
  /** Of the object in that version; the sub-resource's own where it has one. */
  readonly kind: GroupVersionKind;
}

const everything: LabelSelectorObject = {};

/** @throws SelectorError for a selector that cannot be read, which validation does not let in */
export function compileConstraints(constraints: MatchConstraints): CompiledConstraints {
  return {
    rules: constraints.rules,
    excludeRules: constraints.excludeRules ?? [],
    equivalent: constraints.matchPolicy !== 'Exact',
    namespaces: selectorFromObject(constraints.namespaceSelector ?? everything),
    objects: selectorFromObject(constraints.objectSelector ?? everything),
  };
}

const configurations = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/** True for what configures admission itself: no webhook or policy is asked about it, so that it can always be mended. */
export function isAdmissionConfiguration({ resource: { group, resource } }: AdmissionRequest): boolean {
  return group === 'admissionregistration.k8s.io' && configurations.has(resource);
}

/** Decides which webhooks and policies a request is for. */
export class RequestMatcher {
  readonly #equivalents: EquivalentResources;
  readonly #reader: ObjectReader;

  constructor(options: { readonly catalogue: ResourceCatalogue; readonly reader: ObjectReader }) {
    this.#equivalents = new EquivalentResources(options.catalogue);
    this.#reader = options.reader;
  }

  /**
   * As what the request is matched; undefined when it is not.
   * @throws AdmissionError 404 when the request's namespace, whose labels are asked for, is not there
   */
  match(constraints: CompiledConstraints, request: AdmissionRequest): RequestMatch | undefined {
    if (!constraints.objects.empty && !objectSelected(constraints.objects, request)) return undefined;
    const { excludeRules } = constraints;
    if (excludeRules.length > 0 && this.#matched(excludeRules, constraints.equivalent, request)) return undefined;
    const matched = this.#matched(constraints.rules, constraints.equivalent, request);
    if (matched === undefined) return undefined;
    if (!constraints.namespaces.empty && !this.#namespaceSelected(constraints.namespaces, request)) return undefined;
    return { resource: matched, kind: kindOf(request, matched) };
  }

  #matched(rules: readonly Rule[], equivalent: boolean, request: AdmissionRequest): Resource | undefined {
    if (anyMatches(rules, request, request.resource)) return request.resource;
    if (!equivalent) return undefined;
    const others = this.#equivalents.of(request.resource, request.subresource);
    return others.find((other) => anyMatches(rules, request, other));
  }

  #namespaceSelected(selector: LabelSelector, request: AdmissionRequest): boolean {
    const ofNamespace = request.resource.group === '' && request.resource.resource === 'namespaces';
    if (request.namespace === '' && !ofNamespace) return true;
    if (ofNamespace && request.subresource === '' && request.object !== undefined)
      return selector.matches(request.object.metadata?.labels);
    const name = ofNamespace ? request.name : request.namespace;
    const namespace = this.#reader.get('', 'namespaces', '', name);
    if (namespace === undefined) throw missing('', 'namespaces', name);
    return selector.matches(namespace.metadata?.labels);
  }
}

function anyMatches(rules: readonly Rule[], request: AdmissionRequest, as: Resource): boolean {
  if (rules.length === 0) return false;
  const { operation, subresource, namespace } = request;
  const { group, version, resource } = as;
  const name = request.name || (request.object?.metadata?.name ?? '');
  const asked = { operation, group, version, resource, subresource, namespace, name };
  return rules.some((rule) => ruleMatches(rule, asked));
}

function objectSelected(selector: LabelSelector, { object, previous }: AdmissionRequest): boolean {
  return [object, previous].some((one) => one?.metadata !== undefined && selector.matches(labelsOf(one)));
}

function labelsOf(object: Readonly<ApiObject>): Record<string, string> {
  return object.metadata?.labels ?? {};
}

/** The kind of the request's object as `as` serves it. */
export function kindOf(request: AdmissionRequest, as: Resource = request.resource): GroupVersionKind {
  if (as === request.resource && request.kind !== undefined) return gvk(request.kind);
  const own = request.kind === undefined ? undefined : as.subresources[request.subresource];
  return gvk(own ?? as);
}

function gvk({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind };
}
