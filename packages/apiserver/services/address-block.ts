/** A block of IPv4 addresses, `10.100.0.0/16`; addresses in it are told by their position. */
export class AddressBlock {
  readonly text: string;
  readonly #first: number;
  /** How many addresses it has, with the first and the last, which nobody gets. */
  readonly size: number;

  /** @throws RangeError when `text` is no block of 4 addresses or more */
  constructor(text: string) {
    const [address = '', length = ''] = text.split('/');
    const first = addressNumber(address);
    const bits = Number(length);
    if (first === undefined || !/^\d+$/.test(length) || bits < 8 || bits > 30)
      throw new RangeError(`${JSON.stringify(text)} is no IPv4 block of /8 to /30`);
    this.size = 2 ** (32 - bits);
    if (first % this.size !== 0) throw new RangeError(`${JSON.stringify(text)} does not begin at its first address`);
    this.#first = first;
    this.text = text;
  }

  /** The address at `position`, 0 being the network itself. */
  at(position: number): string {
    const value = this.#first + position;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  }

  /** The position of an address that may be given out; undefined for every other text. */
  positionOf(address: string): number | undefined {
    const value = addressNumber(address);
    if (value === undefined) return undefined;
    const position = value - this.#first;
    return position >= 1 && position < this.size - 1 ? position : undefined;
  }
}

function addressNumber(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((value, part) => value * 256 + part, 0);
}
