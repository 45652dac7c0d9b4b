import type { Controller, ControllerContext } from '@keelson/controller-kit';
import { createScheduler, type Scheduler } from '@keelson/scheduler';

/** The scheduler among the controllers, so that it shares their watch caches. It has a queue of its own. */
export class SchedulerController implements Controller {
  readonly name = 'default-scheduler';
  readonly workers = 0;
  readonly #minor: number;
  #scheduler: Scheduler | undefined;

  constructor(minor: number) {
    this.#minor = minor;
  }

  start({ client, caches, world, recorder }: ControllerContext): void {
    this.#scheduler = createScheduler({ client, caches, world, recorder, minor: this.#minor });
    void this.#scheduler.start();
  }

  async reconcile(): Promise<undefined> {
    return undefined;
  }

  async stop(): Promise<void> {
    await this.#scheduler?.stop();
  }
}
