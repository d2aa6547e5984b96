/** A syslog receiver for tests: keeps datagrams and hands out those that match, waiting for them when need be. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export interface LogReceiver {
  readonly port: number;
  readonly lines: readonly string[];
  /** The first line, from the beginning, that matches; fails after a time. */
  find(pattern: RegExp): Promise<RegExpExecArray>;
  /** Waits for one more line. */
  next(): Promise<void>;
}

const PATIENCE_MS = 60_000;

export async function startLogReceiver(t: TestContext): Promise<LogReceiver> {
  const socket = createSocket('udp4');
  const lines: string[] = [];
  socket.on('message', message => lines.push(message.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const next = async (signal = AbortSignal.timeout(PATIENCE_MS)): Promise<void> => {
    await once(socket, 'message', { signal }).catch(() => {
      throw new Error(`no further line; there are:\n${lines.join('')}`);
    });
  };
  return {
    next: () => next(),
    port: socket.address().port,
    lines,
    find: async pattern => {
      const deadline = AbortSignal.timeout(PATIENCE_MS);
      for (;;) {
        for (const line of lines) {
          const match = pattern.exec(line);
          if (match !== null) return match;
        }
        await next(deadline);
      }
    },
  };
}
