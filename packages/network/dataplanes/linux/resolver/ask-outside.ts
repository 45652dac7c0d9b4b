import { connect } from 'node:net';
import type { Clock } from '@keelson/base';
import { decodeMessage } from '../../../dns/decode-message.ts';
import { encodeMessage } from '../../../dns/encode-message.ts';
import { type DnsMessage, replyTo, responseCodes } from '../../../dns/message.ts';
import { TcpFrames } from '../../../dns/tcp-frames.ts';

const timeout = 10_000;

/** The answer of the process behind `path` (OutsideProcess); SERVFAIL, and at once, when there is none. Never rejects. */
export function askOutside(query: DnsMessage, path: string, clock: Clock): Promise<DnsMessage> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const frames = new TcpFrames();
    const finish = (answer: DnsMessage) => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const fail = () => finish(replyTo(query, { code: responseCodes.SERVFAIL, recursionAvailable: true }));
    const timer = clock.setTimer(timeout, fail);
    socket.on('error', fail);
    socket.on('close', fail);
    socket.on('data', (piece) => {
      const [bytes] = frames.add(piece);
      if (bytes === undefined) return;
      try {
        const { edns: _edns, ...answer } = decodeMessage(bytes);
        finish(replyTo(query, { ...answer, id: query.id, questions: query.questions }));
      } catch {
        fail();
      }
    });
    socket.write(TcpFrames.frame(encodeMessage(query)));
  });
}
