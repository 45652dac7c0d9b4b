/**
 * Replaces `$(NAME)` by what `lookup` gives, as Kubernetes does in commands, arguments and variables: `$$` is a plain
 * dollar sign, and a reference to a name that is not known stays as it was written.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text;
  let out = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character !== '$' || at + 1 === text.length) {
      out += character;
      continue;
    }
    const next = text[at + 1]!;
    if (next === '$') {
      out += '$';
      at++;
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2);
      if (end < 0) {
        out += '$(';
        at++;
      } else {
        const name = text.slice(at + 2, end);
        out += lookup(name) ?? `$(${name})`;
        at = end;
      }
    } else {
      out += `$${next}`;
      at++;
    }
  }
  return out;
}
