/** A WWW-Authenticate challenge of the Bearer scheme, as the distribution token specification has it. */
export interface BearerChallenge {
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

/**
 * Reads the Bearer challenge of a WWW-Authenticate header (RFC 9110, section 11.6.1); undefined where there is none.
 * Values may be quoted, with commas inside: `Bearer realm="https://…",service="…",scope="repository:a:pull,push"`.
 */
export function parseChallenge(header: string | undefined): BearerChallenge | undefined {
  const start = /(?:^|,)\s*bearer\s+/i.exec(header ?? '');
  if (!header || !start || header.length > 8192) return undefined;
  const parameter = /\s*([a-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/iy;
  parameter.lastIndex = start.index + start[0].length;
  const found = new Map<string, string>();
  for (let match = parameter.exec(header); match; match = parameter.exec(header)) {
    found.set(match[1]!.toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!);
  }
  const realm = found.get('realm');
  if (realm === undefined) return undefined;
  const service = found.get('service');
  const scope = found.get('scope');
  return { realm, ...(service === undefined ? {} : { service }), ...(scope === undefined ? {} : { scope }) };
}
