/** One raw client connection: sends bytes, collects what comes back until the peer closes or falls silent. */
import { connect } from 'node:net';

interface Exchange {
  readonly received: string;
  /** The peer closed of its own accord. */
  readonly closed: boolean;
}

const GIVE_UP_MS = 2000;

export async function exchange(port: number, bytes: string, quietMs: number): Promise<Exchange> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const chunks: string[] = [];
    let closed = false;
    const end = (): void => {
      clearTimeout(quiet);
      clearTimeout(giveUp);
      socket.destroy();
      resolve({ received: chunks.join(''), closed });
    };
    const giveUp = setTimeout(end, GIVE_UP_MS + quietMs);
    const quiet = setTimeout(() => socket.end(), quietMs);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk.toString('latin1'));
      quiet.refresh();
    });
    socket.on('end', () => {
      closed = !socket.writableEnded;
      end();
    });
    socket.on('error', () => {
      closed = true;
      end();
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}
