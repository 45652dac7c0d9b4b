import { AdmissionError, type AdmissionPlugin, type AdmissionRequest } from '../admission/contract.ts';
import { StatusError } from '../request/status-error.ts';

/** The admission plug-ins of a server, asked in their order. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** Lets every plug-in change the object. @throws StatusError of the first that refuses */
  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) if (plugin.mutate) await refusing(plugin.mutate(request));
  }

  /** @throws StatusError of the first that refuses */
  async validate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) if (plugin.validate) await refusing(plugin.validate(request));
  }
}

async function refusing(verdict: Promise<void>): Promise<void> {
  try {
    await verdict;
  } catch (error) {
    if (error instanceof AdmissionError) throw new StatusError(error.code, error.reason, error.message, error.details);
    throw error;
  }
}
