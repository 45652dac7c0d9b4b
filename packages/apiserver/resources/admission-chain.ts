import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from '../admission/contract.ts';
import { StatusError } from '../request/status-error.ts';

/** The admission plug-ins of a server, asked in their order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /**
   * Lets every plug-in change the object, and once more when one asks for that.
   * @throws StatusError of the first that refuses
   */
  async mutate(request: AdmissionRequest): Promise<void> {
    await this.#mutateOnce(request);
    const { reinvocation } = request;
    if (!reinvocation?.requested) return;
    reinvocation.reinvoking = true;
    await this.#mutateOnce(request);
  }

  /** @throws StatusError of the first that refuses */
  async validate(request: AdmissionRequest): Promise<void> {
    try {
      for (const plugin of this.#plugins) {
        const verdict = plugin.validate?.(request);
        if (verdict !== undefined) await verdict;
      }
    } catch (error) {
      throw asStatus(error);
    }
  }

  async #mutateOnce(request: AdmissionRequest): Promise<void> {
    try {
      for (const plugin of this.#plugins) {
        const verdict = plugin.mutate?.(request);
        if (verdict !== undefined) await verdict;
      }
    } catch (error) {
      throw asStatus(error);
    }
  }
}

function asStatus(error: unknown): unknown {
  if (!(error instanceof AdmissionError)) return error;
  return new StatusError(error.code, error.reason, error.message, error.details);
}
