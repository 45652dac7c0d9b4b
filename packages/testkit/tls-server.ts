import { listen } from '@keelson/apiserver/listener/listen.ts';
import type { HttpHandler, World } from '@keelson/base';
import { createAuthority, issueCertificate, type KeyPair } from '@keelson/cluster/pki/certificate.ts';

const hour = 3_600_000;

/** A handler behind a real TLS listener on loopback, with an authority of its own. */
export interface TlsServer {
  readonly url: string;
  readonly authority: KeyPair;
  /** A client certificate that the listener accepts. */
  clientCertificate(commonName: string): KeyPair;
  /** The handler listens on the same port again. Call it after `close`. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. */
export async function tlsServer(world: World, handler: HttpHandler): Promise<TlsServer> {
  const authority = createAuthority(world, 'test', hour);
  const own = issueCertificate(world, 'test', authority, {
    commonName: 'server',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
    lifetime: hour,
  });
  const tls = { ...own, clientAuthority: authority.certificate };
  const open = (port: number) => listen({ handler, tls, at: { host: '127.0.0.1', port }, world, closeGrace: 100 });
  let listener = await open(0);
  const { port } = listener;
  return {
    url: `https://127.0.0.1:${port}`,
    authority,
    clientCertificate: (commonName) =>
      issueCertificate(world, 'test', authority, { commonName, usage: 'client', lifetime: hour }),
    reopen: async () => {
      listener = await open(port);
    },
    close: () => listener.close(),
  };
}
