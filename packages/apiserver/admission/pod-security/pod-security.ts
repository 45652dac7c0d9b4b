import { type ApiObject, sameValue } from '@keelson/model';
import { invalid } from '../../request/status-error.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from '../contract.ts';
import { forbidden } from '../refusal.ts';
import { namespaceWarnings } from './namespace-warnings.ts';
import type { Fields } from './pod-check.ts';
import { isPrivileged, labelPrefix, levelText, policyOf, type SecurityPolicy, strictness } from './security-policy.ts';
import { violations, violationsText } from './violations.ts';

/** What the plug-in is configured with (pod-security.admission.config.k8s.io PodSecurityConfiguration). */
export interface PodSecurityConfiguration {
  /** What holds where a namespace says nothing. */
  readonly defaults: SecurityPolicy;
  /** Who and what is let pass whatever it is. */
  readonly exemptions: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

const everything = { level: 'privileged', version: 'latest' } as const;

/** As kube-apiserver and EKS have it: what namespaces say, and nothing else. */
export const defaultPodSecurity: PodSecurityConfiguration = {
  defaults: { enforce: everything, audit: everything, warn: everything },
  exemptions: { usernames: [], namespaces: [], runtimeClasses: [] },
};

const ignoredSubresources = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);

/** Where each kind that makes pods has the pod's template. */
const templates: Readonly<Record<string, (object: Readonly<ApiObject>) => Fields | undefined>> = {
  '/podtemplates': (object) => object['template'],
  '/replicationcontrollers': inSpec,
  'apps/replicasets': inSpec,
  'apps/deployments': inSpec,
  'apps/statefulsets': inSpec,
  'apps/daemonsets': inSpec,
  'batch/jobs': inSpec,
  'batch/cronjobs': (object) => object['spec']?.jobTemplate?.spec?.template,
};

function inSpec(object: Readonly<ApiObject>): Fields | undefined {
  return object['spec']?.template;
}

/**
 * PodSecurity: pods keep to the Pod Security Standard that their namespace's labels name; what makes pods that would not
 * earns a warning.
 */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly #reader: ObjectReader;
  readonly #minor: number;
  readonly #configuration: PodSecurityConfiguration;

  constructor(reader: ObjectReader, minor: number, configuration = defaultPodSecurity) {
    this.#reader = reader;
    this.#minor = minor;
    this.#configuration = configuration;
  }

  validate(request: AdmissionRequest): void {
    const { operation, resource, object } = request;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return;
    if (resource.group === '' && resource.resource === 'pods') this.#validatePod(request, object);
    else if (resource.group === '' && resource.resource === 'namespaces') this.#validateNamespace(request, object);
    else if (request.subresource === '' && Object.hasOwn(templates, `${resource.group}/${resource.resource}`))
      this.#validateTemplate(request, templates[`${resource.group}/${resource.resource}`]!(object));
  }

  #validatePod(request: AdmissionRequest, pod: Readonly<ApiObject>): void {
    if (ignoredSubresources.has(request.subresource) || this.#isExempt(request)) return;
    const { policy, errors } = this.#policyIn(request.namespace);
    if (errors.length === 0 && isPrivileged(policy)) return;
    if (request.operation === 'UPDATE' && !isSignificant(pod, request.previous ?? {})) return;
    if (errors.length > 0) this.#annotateErrors(request, errors);
    if (this.#isRuntimeExempt(request, pod['spec'] ?? {})) return;
    const found = violations(policy.enforce, pod.metadata ?? {}, pod['spec'] ?? {}, this.#minor);
    const level = levelText(policy.enforce);
    request.annotate?.(`${labelPrefix}enforce-policy`, level);
    this.#audit(request, policy, pod);
    if (found.length > 0)
      throw forbidden(request, `violates PodSecurity ${JSON.stringify(level)}: ${violationsText(found)}`);
    this.#warn(request, policy, pod);
  }

  #validateTemplate(request: AdmissionRequest, template: Fields | undefined): void {
    if (template === undefined || this.#isExempt(request)) return;
    const { policy, errors } = this.#policyIn(request.namespace);
    const { warn, audit } = policy;
    if (errors.length === 0 && warn.level === 'privileged' && audit.level === 'privileged') return;
    if (errors.length > 0) this.#annotateErrors(request, errors);
    if (this.#isRuntimeExempt(request, template['spec'] ?? {})) return;
    this.#audit(request, policy, template);
    this.#warn(request, policy, template);
  }

  #validateNamespace(request: AdmissionRequest, namespace: Readonly<ApiObject>): void {
    if (request.subresource !== '') return;
    const { defaults, exemptions } = this.#configuration;
    const { policy, errors } = policyOf(namespace.metadata?.labels, defaults);
    const name = namespace.metadata?.name ?? '';
    const before = request.operation === 'UPDATE' ? policyOf(request.previous?.metadata?.labels, defaults) : undefined;
    if (errors.length > 0 && (before === undefined || !sameValue(errors, before.errors)))
      throw invalid(request.resource, name, errors);
    if (before !== undefined && !isTightened(before.policy, policy)) return;
    if (exemptions.namespaces.includes(name)) {
      const text = exemptWarning(name, policy, defaults, namespace.metadata?.labels ?? {});
      if (text !== undefined) request.warnings.push(text);
    } else if (before !== undefined) {
      const pods = this.#reader
        .list('', 'pods', name)
        .filter((pod) => !exemptions.runtimeClasses.includes(pod['spec']?.runtimeClassName));
      request.warnings.push(...namespaceWarnings(name, pods, policy.enforce, this.#minor));
    }
  }

  #policyIn(namespace: string): ReturnType<typeof policyOf> {
    const labels = this.#reader.get('', 'namespaces', '', namespace)?.metadata?.labels;
    return policyOf(labels, this.#configuration.defaults);
  }

  #isExempt(request: AdmissionRequest): boolean {
    const { namespaces, usernames } = this.#configuration.exemptions;
    const exemption = namespaces.includes(request.namespace)
      ? 'namespace'
      : usernames.includes(request.user.name)
        ? 'user'
        : undefined;
    if (exemption !== undefined) request.annotate?.(`${labelPrefix}exempt`, exemption);
    return exemption !== undefined;
  }

  #isRuntimeExempt(request: AdmissionRequest, spec: Fields): boolean {
    const exempt = this.#configuration.exemptions.runtimeClasses.includes(spec['runtimeClassName']);
    if (exempt) request.annotate?.(`${labelPrefix}exempt`, 'runtimeClass');
    return exempt;
  }

  #annotateErrors(request: AdmissionRequest, errors: readonly { field: string; message: string }[]): void {
    const texts = errors.map(({ field, message }) => `${field}: ${message}`);
    const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
    request.annotate?.(`${labelPrefix}error`, `Failed to parse policy: ${text}`);
  }

  #audit(request: AdmissionRequest, { audit }: SecurityPolicy, pod: Fields): void {
    if (request.annotate === undefined) return;
    const found = violations(audit, pod['metadata'] ?? {}, pod['spec'] ?? {}, this.#minor);
    if (found.length === 0) return;
    const text = `would violate PodSecurity ${JSON.stringify(levelText(audit))}: ${violationsText(found)}`;
    request.annotate(`${labelPrefix}audit-violations`, text);
  }

  #warn(request: AdmissionRequest, { warn }: SecurityPolicy, pod: Fields): void {
    const found = violations(warn, pod['metadata'] ?? {}, pod['spec'] ?? {}, this.#minor);
    if (found.length > 0)
      request.warnings.push(`would violate PodSecurity ${JSON.stringify(levelText(warn))}: ${violationsText(found)}`);
  }
}

/** Whether pods that passed before may not pass now. */
function isTightened(before: SecurityPolicy, { enforce }: SecurityPolicy): boolean {
  if (enforce.level === 'privileged') return false;
  return enforce.version !== before.enforce.version || strictness(enforce.level) > strictness(before.enforce.level);
}

/** Of a pod's updates only images and new containers can change the verdict. */
function isSignificant(pod: Readonly<ApiObject>, previous: Readonly<ApiObject>): boolean {
  const images = (object: Readonly<ApiObject>, list: string): string[] =>
    ((object['spec']?.[list] ?? []) as Fields[]).map((container) => container['image']);
  if (['containers', 'initContainers'].some((list) => !sameValue(images(pod, list), images(previous, list))))
    return true;
  const before = new Map<string, Fields>(
    ((previous['spec']?.ephemeralContainers ?? []) as Fields[]).map((container) => [container['name'], container]),
  );
  return ((pod['spec']?.ephemeralContainers ?? []) as Fields[]).some(
    ({ name, image }) => !before.has(name) || before.get(name)!['image'] !== image,
  );
}

function exemptWarning(
  name: string,
  policy: SecurityPolicy,
  defaults: SecurityPolicy,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  const modes = ['enforce', 'audit', 'warn'] as const;
  const same = modes.every(
    (mode) =>
      (policy[mode].level === 'privileged' && defaults[mode].level === 'privileged') ||
      sameValue(policy[mode], defaults[mode]),
  );
  if (isPrivileged(policy) || same) return undefined;
  const said = modes.filter(
    (mode) =>
      policy[mode].level !== 'privileged' &&
      [mode, `${mode}-version`].some((label) => Object.hasOwn(labels, labelPrefix + label)),
  );
  const text = said.map((mode) => `${mode}=${levelText(policy[mode])}`).join(', ');
  return `namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`;
}
