/** The parts of what a proxied pod, service or node is called: `name`, `name:port` or `scheme:name:port`. */
export interface SchemeNamePort {
  readonly scheme: '' | 'http' | 'https';
  readonly name: string;
  /** A number or a name; empty when none was given. */
  readonly port: string;
}

/** Takes `text` apart; undefined when it is none of the forms. */
export function splitSchemeNamePort(text: string): SchemeNamePort | undefined {
  const parts = text.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1] ?? ''];
  if (parts.length > 3 || !name) return undefined;
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return undefined;
  return { scheme, name, port: port! };
}
