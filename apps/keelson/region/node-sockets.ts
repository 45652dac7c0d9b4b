import type { DataDirectory } from '../data-directory.ts';

/** The folder of the sockets that instances relay to; they see it under the same path. */
export function nodeSocketFolder(directory: DataDirectory): string {
  return `${directory.run}/nodes`;
}

export function registrySocket(directory: DataDirectory): string {
  return `${nodeSocketFolder(directory)}/registry.sock`;
}

/** The front door, for programs on nodes that call AWS: signed as everywhere. */
export function frontDoorSocket(directory: DataDirectory): string {
  return `${nodeSocketFolder(directory)}/front-door.sock`;
}
