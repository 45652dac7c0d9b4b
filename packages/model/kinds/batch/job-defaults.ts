import type { Fields } from '../core/pod/fields.ts';
import { defaultPodTemplate } from '../core/pod/pod-spec-defaults.ts';

/** What the spec of a Job and that of a CronJob's template have alike when nobody says. */
export function defaultJobTemplate(spec: Fields): void {
  for (const rule of (spec['podFailurePolicy']?.rules ?? []) as Fields[]) {
    for (const pattern of (rule['onPodConditions'] ?? []) as Fields[]) {
      if ((pattern['status'] ?? '') === '') pattern['status'] = 'True';
    }
  }
  defaultPodTemplate(spec['template']);
}
