/**
 * Whether `text` matches a pattern in which `*` stands for any characters and `?` for one. Takes time in proportion to
 * the product of both lengths at worst, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let resume = 0;
  while (inText < text.length) {
    const symbol = pattern[inPattern];
    if (symbol === '*') {
      star = inPattern++;
      resume = inText;
    } else if (symbol !== undefined && (symbol === '?' || symbol === text[inText])) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      inPattern = star + 1;
      inText = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
