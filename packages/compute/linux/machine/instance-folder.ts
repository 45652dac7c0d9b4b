import { join } from 'node:path';

/** Where everything of one instance lies, in the data directory. */
export interface InstanceFolder {
  readonly path: string;
  /** Its root file system: what is written to it stays until it is terminated. */
  readonly root: string;
  /** What it changed of the machine's programs. */
  readonly programs: string;
  readonly programsWork: string;
  /** Bound to /run/keelson in it: what it is told, and its control socket. */
  readonly run: string;
  readonly initFile: string;
  readonly metadataFile: string;
  readonly credentialsFile: string;
  readonly controlSocket: string;
  /** Which process is its init. */
  readonly recordFile: string;
  /** What its set-up and its init said: EC2's console output. */
  readonly console: string;
}

export function instanceFolder(parent: string, instanceId: string): InstanceFolder {
  const path = join(parent, instanceId);
  const run = join(path, 'run');
  return {
    path,
    root: join(path, 'root'),
    programs: join(path, 'programs'),
    programsWork: join(path, 'programs-work'),
    run,
    initFile: join(run, 'init.json'),
    metadataFile: join(run, 'metadata.json'),
    credentialsFile: join(run, 'credentials.json'),
    controlSocket: join(run, 'control.sock'),
    recordFile: join(path, 'process.json'),
    console: join(path, 'console.log'),
  };
}

/** The same folder as the instance itself sees it. */
export const insideRun = '/run/keelson';
