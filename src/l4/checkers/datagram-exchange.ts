/** One datagram to a server, and what is heard of it: what checks by ICMP echo and by UDP have in common. */
import { createSocket, type BindOptions } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { bad, type CheckResult } from './check.ts';

interface DatagramExchange {
  readonly address: string;
  readonly port: number;
  /** Where it comes from, or a socket that knows. */
  readonly bind: BindOptions;
  readonly payload: Buffer;
  readonly signal: AbortSignal;
  /** Undefined: something else is waited for. */
  readonly judge: (answer: Buffer) => CheckResult | undefined;
  /** The result when time is over. */
  readonly silence: CheckResult;
}

export function exchangeDatagrams(exchange: DatagramExchange): Promise<CheckResult> {
  const { address, port, bind, payload, signal, judge, silence } = exchange;
  return new Promise(resolve => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let done = false;
    const settle = (result: CheckResult): void => {
      if (done) return;
      done = true;
      signal.removeEventListener('abort', onAbort);
      socket.close();
      resolve(result);
    };
    const onAbort = (): void => settle(silence);
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => settle(bad(error.code ?? error.message)));
    socket.on('message', answer => {
      const result = judge(answer);
      if (result !== undefined) settle(result);
    });
    // without a callback what goes wrong is an 'error' event; connected, so that ICMP errors are among it
    socket.once('connect', () => done || socket.send(payload));
    socket.bind(bind, () => done || socket.connect(port, address));
  });
}
