/** The part of the `ws` package that is used here; it brings no types of its own. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export class WebSocket extends EventEmitter {
    constructor(address: string, protocols: readonly string[], options?: { createConnection?: () => Duplex });
    readonly protocol: string;
    readonly bufferedAmount: number;
    send(data: Uint8Array | string, done?: (error?: Error) => void): void;
    close(code?: number, reason?: string): void;
    terminate(): void;
    pause(): void;
    resume(): void;
  }

  export class WebSocketServer {
    constructor(options: { noServer: true; maxPayload: number });
    on(event: 'headers', handler: (headers: string[]) => void): this;
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, connected: (socket: WebSocket) => void): void;
  }

  export function createWebSocketStream(socket: WebSocket): Duplex;
}
