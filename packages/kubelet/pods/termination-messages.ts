import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { terminationFile } from '../containers/container-starter.ts';
import type { RuntimeContainer, RuntimePod } from '../runtime.ts';
import type { PodFiles } from '../volumes/pod-files.ts';
import { allContainers } from './quality-of-service.ts';

const longestMessage = 4096;
const longestFromLog = 2048;
const mostLogLines = 80;

/** The last words of a pod's ended containers, read once each. */
export class TerminationMessages {
  readonly #files: PodFiles;
  readonly #messages = new Map<string, string>();

  constructor(files: PodFiles) {
    this.#files = files;
  }

  get byId(): ReadonlyMap<string, string> {
    return this.#messages;
  }

  async collect(pod: Pod, { containers }: RuntimePod): Promise<void> {
    const ids = new Set(containers.map(({ id }) => id));
    for (const id of this.#messages.keys()) if (!ids.has(id)) this.#messages.delete(id);
    for (const container of containers)
      if (container.state === 'exited' && !this.#messages.has(container.id))
        this.#messages.set(container.id, await this.#read(pod, container));
  }

  async #read(pod: Pod, container: RuntimeContainer): Promise<string> {
    const path = this.#files.pathOf(pod.metadata?.uid ?? '', terminationFile(container.name, container.attempt));
    const bytes = await this.#files.readTail(path, longestMessage);
    if (bytes !== undefined && bytes.length > 0) return Buffer.from(bytes).toString('utf8');
    const spec = allContainers(pod).find(({ name }) => name === container.name);
    if (spec?.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return '';
    const log = await this.#files.readTail(container.logPath, 4 * longestFromLog);
    return log === undefined ? '' : logText(Buffer.from(log).toString('utf8'));
  }
}

/** The plain text of lines in CRI's log form (`time stream F text`). */
function logText(log: string): string {
  const lines = log.split('\n').flatMap((line) => {
    const match = /^\S+ (?:stdout|stderr) ([FP]) (.*)$/s.exec(line);
    return match === null ? [] : [match[2]! + (match[1] === 'F' ? '\n' : '')];
  });
  const text = lines.slice(-mostLogLines).join('');
  return Buffer.from(text).subarray(-longestFromLog).toString('utf8');
}
