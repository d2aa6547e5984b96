/** Servers that speak TLS, for tests to balance over. Closed in t.after. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket, TlsOptions } from 'node:tls';
import type { Certificate } from './certificates.ts';

export interface TlsOrigin {
  readonly port: number;
  readonly address: string;
  readonly server: Server;
}

/** Tells in headers of the response what it knows of the connection. */
export async function startTlsOrigin(
  t: TestContext,
  certificate: Certificate,
  options: TlsOptions = {},
  answer: (request: IncomingMessage, response: ServerResponse) => void = tellOfConnection,
): Promise<TlsOrigin> {
  const settings = { cert: certificate.cert, key: certificate.key, keepAliveTimeout: 60_000, ...options };
  const server = createServer(settings, answer);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { port, address: `127.0.0.1:${port}`, server };
}

function tellOfConnection(request: IncomingMessage, response: ServerResponse): void {
  const socket = request.socket as TLSSocket;
  // what a client that sent no SNI asked for is `false`, whatever the types say
  const servername: unknown = (socket as { servername?: unknown }).servername;
  const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
  response.setHeader('x-sni', typeof servername === 'string' ? servername : '-');
  response.setHeader('x-resumed', String(socket.isSessionReused()));
  response.setHeader('x-version', socket.getProtocol() ?? '-');
  response.setHeader('x-cipher', socket.getCipher().standardName);
  response.setHeader('x-port', String(socket.remotePort));
  response.setHeader('x-alpn', socket.alpnProtocol === false ? '-' : String(socket.alpnProtocol));
  response.setHeader('x-client', subject?.CN ?? '-');
  request.resume().on('end', () => response.end('here'));
}
