import { PassThrough, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { TerminalSize } from '../runtime.ts';
import type { RemoteCommand, WantedStreams } from './remote-command.ts';
import { parseSize } from './spdy-remote-command.ts';

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Sub-protocols for commands, the best first. v5 adds the message that closes one channel. */
export const commandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

/** The part of a connection to a client that commands need. */
export function acceptWebSocketCommand(socket: WebSocket, wanted: WantedStreams): RemoteCommand {
  const stdin = wanted.stdin ? new PassThrough() : undefined;
  // The first size comes before the process is there to take it.
  let early: TerminalSize | undefined;
  let onResize: (size: TerminalSize) => void = (size) => {
    early = size;
  };
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      stdin?.end();
      resolve();
    });
  });
  socket.on('error', () => socket.terminate());
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (!isBinary || data.length === 0) return;
    const body = data.subarray(1);
    if (data[0] === channel.stdin && stdin && !stdin.writableEnded) {
      if (body.length > 0 && !stdin.write(body)) {
        socket.pause();
        stdin.once('drain', () => socket.resume());
      }
    } else if (data[0] === channel.resize) {
      const size = parseSize(body.toString('utf8'));
      if (size !== undefined) onResize(size);
    } else if (data[0] === channel.close && body[0] === channel.stdin) stdin?.end();
  });
  // An empty message tells the client that the connection works, as upstream's server does it.
  socket.send(Uint8Array.of(wanted.stdout ? channel.stdout : wanted.stderr ? channel.stderr : channel.error));
  return {
    stdin,
    stdout: wanted.stdout ? channelWriter(socket, channel.stdout) : undefined,
    stderr: wanted.stderr && !wanted.tty ? channelWriter(socket, channel.stderr) : undefined,
    onResize: (handler) => {
      onResize = handler;
      if (early !== undefined) handler(early);
    },
    finish: async (status) => {
      await new Promise<void>((resolve) =>
        socket.send(framed(channel.error, Buffer.from(JSON.stringify(status))), () => resolve()),
      );
      socket.close(1000);
    },
    closed,
  };
}

function framed(id: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(id), body]);
}

function channelWriter(socket: WebSocket, id: number): Writable {
  return new Writable({
    write: (piece: Buffer, _encoding, done) => socket.send(framed(id, piece), (error) => done(error ?? null)),
  });
}
