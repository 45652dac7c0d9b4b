import { isIPv6 } from 'node:net';

/** An IPv4 address whose parts may begin with zeros, as older versions of Kubernetes stored them. */
export function isIpv4Sloppy(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,20}$/.test(part) && Number(part) <= 255);
}

/** An address and the length of its prefix: `10.0.0.0/8`, `fd00::/8`. */
export function isCidrSloppy(text: string): boolean {
  const slash = text.indexOf('/');
  const [address, length] = [text.slice(0, slash), text.slice(slash + 1)];
  if (slash < 0 || !/^\d{1,3}$/.test(length)) return false;
  if (isIpv4Sloppy(address)) return Number(length) <= 32;
  return !address.includes('%') && isIPv6(address) && Number(length) <= 128;
}
