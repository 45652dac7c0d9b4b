import type { LabelSelector } from '@keelson/model/generated/types/meta-v1.ts';
import { compileLabelSelector, type LabelTest } from './label-requirements.ts';
import type { PodFacts } from './pod-facts.ts';

interface Selecting {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}

/** What of a workload is needed to tell its pods. */
export interface SelectingService extends Selecting {
  readonly spec?: { readonly selector?: Readonly<Record<string, string>> };
}

export interface SelectingController extends Selecting {
  readonly spec?: { readonly selector?: LabelSelector };
}

/**
 * Which pods count as the siblings of a pod when the cluster's default spreading applies: those that its Services and
 * the controller that owns it select, all of it together.
 */
export class SiblingSelectors {
  readonly #services = new Map<string, Map<string, Readonly<Record<string, string>>>>();
  readonly #controllers = new Map<string, LabelTest>();

  setService(service: SelectingService, present: boolean): void {
    const { namespace = '', name = '' } = service.metadata ?? {};
    let services = this.#services.get(namespace);
    if (services === undefined) this.#services.set(namespace, (services = new Map()));
    const selector = service.spec?.selector;
    if (present && selector !== undefined && Object.keys(selector).length > 0) services.set(name, selector);
    else services.delete(name);
    if (services.size === 0) this.#services.delete(namespace);
  }

  /** `kind`: ReplicaSet, ReplicationController (its selector as matchLabels) or StatefulSet. */
  setController(kind: string, controller: SelectingController, present: boolean): void {
    const { namespace = '', name = '' } = controller.metadata ?? {};
    const key = `${namespace}/${kind}/${name}`;
    if (present && controller.spec?.selector !== undefined)
      this.#controllers.set(key, compileLabelSelector(controller.spec.selector));
    else this.#controllers.delete(key);
  }

  /** The test that siblings of `pod` pass; undefined when nothing selects it. */
  siblingsOf({ namespace, labels, owner }: PodFacts): LabelTest | undefined {
    const tests: LabelTest[] = [];
    for (const selector of this.#services.get(namespace)?.values() ?? []) {
      const test = compileLabelSelector({ matchLabels: { ...selector } });
      if (test(labels)) tests.push(test);
    }
    const own = owner === '' ? undefined : this.#controllers.get(`${namespace}/${owner}`);
    if (own !== undefined) tests.push(own);
    if (tests.length === 0) return undefined;
    return (other) => tests.every((test) => test(other));
  }
}
