import type { EventRecorder } from '@keelson/controller-kit';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';

/** Records Events about one pod and its containers. */
export class PodEvents {
  readonly #recorder: EventRecorder;
  readonly #pod: () => Pod;

  constructor(recorder: EventRecorder, pod: () => Pod) {
    this.#recorder = recorder;
    this.#pod = pod;
  }

  pod(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#tell(type, reason, message, undefined);
  }

  container(name: string, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#tell(type, reason, message, fieldPath(this.#pod(), name));
  }

  #tell(type: 'Normal' | 'Warning', reason: string, message: string, path: string | undefined): void {
    const { namespace, name, uid, resourceVersion } = this.#pod().metadata ?? {};
    const about = { kind: 'Pod', namespace, name, uid, apiVersion: 'v1', resourceVersion };
    this.#recorder.event(path === undefined ? about : { ...about, fieldPath: path }, type, reason, message);
  }
}

function fieldPath({ spec }: Pod, name: string): string {
  const has = (list: readonly { name: string }[] | undefined) => (list ?? []).some((one) => one.name === name);
  if (has(spec?.initContainers)) return `spec.initContainers{${name}}`;
  return has(spec?.ephemeralContainers) ? `spec.ephemeralContainers{${name}}` : `spec.containers{${name}}`;
}
