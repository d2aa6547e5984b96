/** Servers for tests to balance over: HTTP ones that say who they are, and raw ones. Closed in t.after. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface Origin {
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Requests or connections seen. */
  count: number;
  /** Stops listening and cuts all connections. */
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export async function startHttpOrigin(t: TestContext, name: string, answer?: Answer): Promise<Origin> {
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    origin.count++;
    if (answer !== undefined) return answer(request, response);
    request.resume();
    response.setHeader('x-server', name);
    response.end(`${name}\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = asOrigin((server.address() as AddressInfo).port, async () => {
    server.closeAllConnections();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  });
  t.after(() => origin.close());
  return origin;
}

/** Calls `serve` for each connection; it decides all bytes. */
export async function startRawOrigin(t: TestContext, serve: (socket: Socket) => void): Promise<Origin> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, socket => {
    origin.count++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = asOrigin((server.address() as AddressInfo).port, async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  });
  t.after(() => origin.close());
  return origin;
}

function asOrigin(port: number, close: () => Promise<void>): Origin {
  return { port, address: `127.0.0.1:${port}`, count: 0, close };
}
