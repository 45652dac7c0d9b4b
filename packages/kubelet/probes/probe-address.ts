import type { Container } from '@keelson/model/generated/types/core-v1.ts';

/** The number of a port that may be given by name. @throws Error with upstream's words when the container has no such port. */
export function portNumber(port: number | string | undefined, container: Container): number {
  const number = typeof port === 'number' ? port : (namedPort(port ?? '', container) ?? Number(port));
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${container.name}`);
}

function namedPort(name: string, container: Container): number | undefined {
  return container.ports?.find((port) => port.name === name)?.containerPort;
}

/** `address:port`, an IPv6 address in brackets. */
export function joinHostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
