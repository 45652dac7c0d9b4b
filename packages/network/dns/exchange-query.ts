import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '@keelson/base';
import { decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { type DnsMessage, ednsUdpLimit, nameText } from './message.ts';
import { TcpFrames } from './tcp-frames.ts';

/** A server that queries can be sent to. */
export interface Resolver {
  readonly address: string;
  readonly port: number;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly timeout: number;
  readonly tcp: boolean;
}

/**
 * Sends one query and resolves to its answer: the first that comes from the resolver with the query's id and question.
 * @throws Error when none comes in time, or the connection fails
 */
export function exchangeQuery(query: DnsMessage, resolver: Resolver, options: ExchangeOptions): Promise<DnsMessage> {
  const bytes = encodeMessage({
    ...query,
    edns: { udpSize: ednsUdpLimit, version: 0, dnssecOk: query.edns?.dnssecOk ?? false },
  });
  return options.tcp ? overTcp(query, bytes, resolver, options) : overUdp(query, bytes, resolver, options);
}

function overUdp(query: DnsMessage, bytes: Uint8Array, resolver: Resolver, options: ExchangeOptions) {
  // A socket of its own for each query: its random port is half of what an attacker would have to guess.
  const socket = createSocket(resolver.address.includes(':') ? 'udp6' : 'udp4');
  return settle(
    options,
    resolver,
    () => socket.close(),
    (resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (message, from) => {
        const answer = from.port === resolver.port && from.address === resolver.address && answerTo(query, message);
        if (answer) resolve(answer);
      });
      // Connected, so that a refusal by ICMP is heard of.
      socket.connect(resolver.port, resolver.address, () => socket.send(bytes, (error) => error && reject(error)));
    },
  );
}

function overTcp(query: DnsMessage, bytes: Uint8Array, resolver: Resolver, options: ExchangeOptions) {
  const socket = connect({ host: resolver.address, port: resolver.port, noDelay: true });
  return settle(
    options,
    resolver,
    () => socket.destroy(),
    (resolve, reject) => {
      const frames = new TcpFrames();
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${resolver.address} closed the connection`)));
      socket.on('data', (piece) => {
        for (const message of frames.add(piece)) {
          const answer = answerTo(query, message);
          if (answer) resolve(answer);
        }
      });
      socket.write(TcpFrames.frame(bytes));
    },
  );
}

function settle(
  { clock, timeout }: ExchangeOptions,
  resolver: Resolver,
  close: () => void,
  begin: (resolve: (answer: DnsMessage) => void, reject: (error: Error) => void) => void,
): Promise<DnsMessage> {
  return new Promise((resolve, reject) => {
    const expire = () =>
      end(() => reject(new Error(`${resolver.address}:${resolver.port} did not answer within ${timeout} ms`)));
    const timer = clock.setTimer(timeout, expire);
    let ended = false;
    const end = (then: () => void) => {
      if (ended) return;
      ended = true;
      timer.cancel();
      close();
      then();
    };
    begin(
      (answer) => end(() => resolve(answer)),
      (error) => end(() => reject(error)),
    );
  });
}

function answerTo(query: DnsMessage, bytes: Uint8Array): DnsMessage | undefined {
  let message: DnsMessage;
  try {
    message = decodeMessage(bytes);
  } catch {
    return undefined;
  }
  const [asked] = query.questions;
  const [answered] = message.questions;
  const same =
    message.response &&
    message.id === query.id &&
    answered?.type === asked?.type &&
    nameText(answered?.name ?? []) === nameText(asked?.name ?? []);
  return same ? message : undefined;
}
