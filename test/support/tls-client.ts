/** A client that speaks TLS over node:tls; certificates of the other end are not judged. Every wait has an end. */
import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';

const PATIENCE_MS = 30_000;

export interface TlsAnswer {
  readonly head: string;
  readonly body: string;
}

/** After the handshake; throws what ended it. */
export async function connectTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
  socket.on('error', () => undefined);
  return socket;
}

/** Writes, and reads until the other end closes. */
export async function converse(socket: TLSSocket, text: string): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  socket.write(text);
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

/** One request on a connection of its own. */
export async function requestTls(
  port: number,
  options: ConnectionOptions = {},
  path = '/',
): Promise<TlsAnswer> {
  const socket = await connectTls(port, options);
  const host = options.servername ?? 'localhost';
  const answer = await converse(socket, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return { head, body: rest.join('\r\n\r\n') };
}

/** The name of what ended the handshake, or of the first read behind it; undefined: a request was answered. */
export async function refusalOf(port: number, options: ConnectionOptions = {}): Promise<string | undefined> {
  try {
    const { head } = await requestTls(port, options);
    return head === '' ? 'closed' : undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}
