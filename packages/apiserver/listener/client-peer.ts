import type { TLSSocket } from 'node:tls';
import type { HttpPeer } from '@keelson/base';

const peers = new WeakMap<object, HttpPeer>();

/**
 * What a connection says of its client, found out once for each connection.
 * @param connection the socket, or the HTTP/2 session that has it
 */
export function peerOf(connection: object, socket: Partial<TLSSocket>): HttpPeer {
  let peer = peers.get(connection);
  if (peer === undefined) {
    // A certificate that does not chain to the clients' authority is as good as none.
    const certificate = socket.authorized === true ? socket.getPeerX509Certificate?.() : undefined;
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    peer = { address, certificates: certificate === undefined ? [] : [certificate.raw] };
    peers.set(connection, peer);
  }
  return peer;
}
