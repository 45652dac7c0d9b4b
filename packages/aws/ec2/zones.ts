/** An availability zone: the name that an account sees, and the id that is the same for all accounts. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** Short forms of regions in zone ids: `apne2-az1`. Regions that are not here are shortened by the same rule. */
const directions: Readonly<Record<string, string>> = {
  north: 'n',
  south: 's',
  east: 'e',
  west: 'w',
  central: 'c',
  northeast: 'ne',
  northwest: 'nw',
  southeast: 'se',
  southwest: 'sw',
};

/** `ap-northeast-2` → `apne2`. */
function shortRegion(region: string): string {
  const [area = '', ...rest] = region.split('-');
  return area + rest.map((part) => directions[part] ?? part).join('');
}

/** The region's three zones. */
export function zonesOf(region: string): readonly Zone[] {
  return ['a', 'b', 'c'].map((letter, index) => ({
    name: region + letter,
    id: `${shortRegion(region)}-az${index + 1}`,
  }));
}
