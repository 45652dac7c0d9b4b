import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { isWriteTo } from './refusal.ts';

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

const seconds = 300;
const taints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** DefaultTolerationSeconds: a pod stays for five minutes on a node that is not ready or not reachable, unless it says otherwise. */
export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds';

  mutate(request: AdmissionRequest): void {
    if (request.object === undefined || !isWriteTo(request, '', 'pods')) return;
    if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return;
    const spec = (request.object['spec'] ??= {});
    const present: readonly Toleration[] = spec.tolerations ?? [];
    const missing = taints.filter((key) => !present.some((toleration) => tolerates(toleration, key)));
    if (missing.length === 0) return;
    const added = missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: seconds,
    }));
    spec.tolerations = [...present, ...added];
  }
}

function tolerates(toleration: Toleration, key: string): boolean {
  const { key: own = '', effect = '' } = toleration;
  return (own === key || own === '') && (effect === 'NoExecute' || effect === '');
}
