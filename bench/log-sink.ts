/** Takes log lines by UDP and counts them: what a scenario that logs sends them to. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface LogSink {
  readonly port: number;
  readonly received: number;
  close(): void;
}

export async function openLogSink(): Promise<LogSink> {
  const socket = createSocket('udp4');
  let received = 0;
  socket.on('message', () => received++);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    get received() {
      return received;
    },
    close: () => socket.close(),
  };
}
