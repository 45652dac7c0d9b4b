import { kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import { catalogueFor } from '@keelson/model';
import type { ValidatingAdmissionPolicy } from '@keelson/model/generated/types/admissionregistration-v1.ts';
import { typeWarnings } from './type-warnings.ts';

const { validatingAdmissionPolicies } = kubernetesResources;

/** Says in the status of ValidatingAdmissionPolicies what is wrong with their expressions for the kinds that they name. */
export class ValidatingAdmissionPolicyStatusController implements Controller {
  readonly name = 'validatingadmissionpolicy-status-controller';
  readonly #minor: number;
  #context!: ControllerContext;
  #policies!: SharedCache<ValidatingAdmissionPolicy>;

  /** @param minor the cluster's minor version of Kubernetes */
  constructor(minor: number) {
    this.#minor = minor;
  }

  start(context: ControllerContext): void {
    this.#context = context;
    this.#policies = context.caches.of(validatingAdmissionPolicies);
    this.#policies.onChange((_before, now) => {
      if (now !== undefined && !isChecked(now)) context.queue.add(now.metadata!.name!);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const policy = this.#policies.get(undefined, name);
    if (policy === undefined || isChecked(policy)) return undefined;
    const expressionWarnings = typeWarnings(policy, catalogueFor(this.#minor), this.#minor);
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    const status = { ...policy.status, observedGeneration: policy.metadata!.generation!, typeChecking };
    await this.#context.client.resource(validatingAdmissionPolicies).updateStatus({ ...policy, status });
    return undefined;
  }
}

function isChecked({ metadata, status }: Readonly<ValidatingAdmissionPolicy>): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}
