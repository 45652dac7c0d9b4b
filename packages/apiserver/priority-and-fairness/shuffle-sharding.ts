import { createHash } from 'node:crypto';

/** Which queues one flow may use: `handSize` different ones of `queues`, the same for the same flow. */
export function handOf(schema: string, distinguisher: string, queues: number, handSize: number): number[] {
  const digest = createHash('sha256').update(schema).update('\0').update(distinguisher).digest();
  let rest = digest.readBigUInt64LE(0);
  // Each card is drawn from those that are left: sorted, what was drawn shifts the ones above it.
  const drawn: number[] = [];
  const hand: number[] = [];
  for (let card = 0; card < handSize; card++) {
    const left = BigInt(queues - card);
    let queue = Number(rest % left);
    rest /= left;
    for (const before of drawn) if (queue >= before) queue++;
    hand.push(queue);
    drawn.push(queue);
    drawn.sort((one, other) => one - other);
  }
  return hand;
}
