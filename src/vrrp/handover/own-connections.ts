/** TCP connections this host has on given IPv4 addresses, out of /proc/net/tcp and tcp6. Called by connection-relay.ts. */
import { readFileSync } from 'node:fs';

export interface TcpConnection {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly ownAddress: string;
  readonly ownPort: number;
}

const LISTEN = '0A';

export function ownConnections(addresses: readonly string[]): TcpConnection[] {
  const wanted = new Set(addresses);
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap(path => parseTcpTable(readTable(path)))
    .filter(({ ownAddress }) => wanted.has(ownAddress));
}

/** Columns: number, local address:port, remote address:port, state, ... IPv6 addresses only where they stand for IPv4. */
export function parseTcpTable(text: string): TcpConnection[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, local, remote, state] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || state === LISTEN) return [];
      const [own, client] = [endPoint(local), endPoint(remote)];
      if (own === undefined || client === undefined) return [];
      const [ownAddress, ownPort] = own;
      const [clientAddress, clientPort] = client;
      return [{ clientAddress, clientPort, ownAddress, ownPort }];
    });
}

const MAPPED = '0000000000000000FFFF0000';

/** `6400090A:1F40`: the address as a 32-bit number in host order, little endian here. */
function endPoint(text: string): readonly [address: string, port: number] | undefined {
  const [hex = '', port = ''] = text.split(':');
  if (hex.length !== 8 && !hex.startsWith(MAPPED)) return undefined;
  const bytes = Buffer.from(hex.slice(-8), 'hex').reverse();
  return [bytes.join('.'), Number.parseInt(port, 16)];
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
