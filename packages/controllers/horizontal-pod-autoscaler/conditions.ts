import { rfc3339 } from '@keelson/base';
import { withCondition } from '@keelson/controller-kit';
import type { HorizontalPodAutoscalerCondition } from '@keelson/model/generated/types/autoscaling-v2.ts';

type Condition = HorizontalPodAutoscalerCondition;
type Type = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited';

/** The conditions of an autoscaler, as they are found one after the other in a pass. */
export class Findings {
  readonly #now: string;
  #conditions: readonly Condition[];

  /** `now` is milliseconds since 1970. */
  constructor(before: readonly Condition[] | undefined, now: number) {
    this.#conditions = before ?? [];
    this.#now = rfc3339(now);
  }

  set(type: Type, status: 'True' | 'False', reason: string, message: string): void {
    const wanted = { type, status, reason, message, lastTransitionTime: this.#now };
    this.#conditions = withCondition(this.#conditions as any[], wanted) as Condition[];
  }

  get conditions(): Condition[] {
    return [...this.#conditions];
  }
}
