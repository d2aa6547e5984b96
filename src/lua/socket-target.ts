/** Where scripts want to connect: an address as the configuration writes it, or a host name. */
import { isIPv6 } from 'node:net';
import { parseAddress } from '../config-parser/address.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { SocketTarget } from './socket.ts';

export function targetOf(text: string, port: number | undefined): SocketTarget {
  const host = isIPv6(text) ? `[${text}]` : text;
  const parsed = parseAddress(port === undefined ? text : `${host}:${port}`, { port: 'optional', fd: false });
  if (parsed.error !== undefined) throw new ScriptError(`cannot connect to '${text}': ${parsed.error}`);
  const { address } = parsed.value;
  if (address.kind === 'unix') return { kind: 'unix', path: address.path };
  if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
  if (address.kind !== 'ip' && address.kind !== 'name') throw new ScriptError(`cannot connect to '${text}'`);
  if (address.port === 0) throw new ScriptError('connect: port missing');
  return { kind: 'ip', host: address.host, port: address.port };
}
