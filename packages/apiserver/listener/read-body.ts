import type { Readable } from 'node:stream';

/** The whole body of a request; `tooLarge` beyond `limit` bytes (what follows is dropped), `aborted` when it breaks off. */
export async function readBody(from: Readable, limit: number): Promise<Uint8Array | 'tooLarge' | 'aborted'> {
  const pieces: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    const settle = (result: Uint8Array | 'tooLarge' | 'aborted') => {
      from.off('data', take);
      from.off('end', end);
      from.off('error', abort);
      from.off('close', abort);
      resolve(result);
    };
    const take = (piece: Buffer) => {
      length += piece.length;
      if (length > limit) settle('tooLarge');
      else pieces.push(piece);
    };
    const end = () => settle(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length));
    const abort = () => settle('aborted');
    from.on('data', take);
    from.once('end', end);
    from.once('error', abort);
    from.once('close', abort);
  });
}
