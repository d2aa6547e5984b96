/**
 * The ways to servers and the interfaces of clients, as the kernel has them now: one `ip` for all of it (ip-route(8),
 * ip-link(8)). Called by nft-driver.ts.
 */
import { spawn } from 'node:child_process';
import { parseIp } from '../base/ip-address.ts';
import type { DirectPath, DirectPaths, Entrance } from './direct-path.ts';

/** A kernel that hangs must not hang us. */
const LIMIT_MS = 5000;
/** Their packets come again at the interface they belong to. */
const SLAVES = new Set(['bridge', 'bond', 'team']);
/** What may stand between the quotes of nft. */
const PLAIN_NAME = /^[\w.:@+-]+$/;

/** What `ip -json -details` says of an interface or of a way. */
interface Row {
  readonly ifindex?: number;
  readonly ifname?: string;
  readonly link_type?: string;
  readonly linkinfo?: { readonly info_slave_kind?: string };
  readonly type?: string;
  readonly dst?: string;
  readonly dev?: string;
  readonly gateway?: string;
  readonly via?: unknown;
}

/** Resolves to a text where `ip` cannot be asked. */
export async function readPaths(addresses: readonly string[]): Promise<DirectPaths | string> {
  const lines = ['link show', ...addresses.map(address => `route get ${address}`)];
  const output = await run(lines);
  return typeof output === 'string' ? output : pathsOf(output.lines, addresses);
}

/** Lines: one of all interfaces, then one of each server that can be reached. */
export function pathsOf(
  [first = '[]', ...others]: readonly string[],
  addresses: readonly string[],
): DirectPaths {
  const links = rowsOf(first);
  const indexes = new Map(links.map(({ ifname = '', ifindex = 0 }) => [ifname, ifindex]));
  const ways = new Map(others.flatMap(rowsOf).map(row => [canonical(row.dst ?? ''), row]));
  const servers = addresses.flatMap(address => {
    const path = pathOf(address, ways.get(canonical(address)), indexes);
    return path === undefined ? [] : [[address, path] as const];
  });
  return { entrances: links.flatMap(entranceOf), servers: new Map(servers) };
}

function pathOf(
  address: string,
  row: Row | undefined,
  indexes: ReadonlyMap<string, number>,
): DirectPath | undefined {
  if (row === undefined) return undefined;
  if (row.type === 'local') return { kind: 'local' };
  const { dev = '', gateway = address, via } = row;
  const deviceIndex = indexes.get(dev);
  // a packet of one family does not go to a neighbour of the other
  if (deviceIndex === undefined || via !== undefined || !PLAIN_NAME.test(dev)) return undefined;
  return { kind: 'hop', device: dev, deviceIndex, via: gateway };
}

function entranceOf({ ifname = '', ifindex = 0, link_type: type, linkinfo }: Row): Entrance[] {
  if (type === 'loopback' || SLAVES.has(linkinfo?.info_slave_kind ?? '')) return [];
  return PLAIN_NAME.test(ifname) ? [{ device: ifname, index: ifindex, framed: type === 'ether' }] : [];
}

function canonical(address: string): string {
  return parseIp(address)?.toString() ?? address;
}

function rowsOf(line: string): Row[] {
  try {
    return JSON.parse(line) as Row[];
  } catch {
    return [];
  }
}

function run(commands: readonly string[]): Promise<{ readonly lines: string[] } | string> {
  return new Promise(resolve => {
    // it goes on where a server cannot be reached
    const child = spawn('ip', ['-json', '-details', '-force', '-batch', '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: LIMIT_MS,
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(commands.map(command => `${command}\n`).join(''));
    child.once('error', error => resolve(`ip: ${error.message}`));
    child.once('close', () => {
      const lines = output.split('\n').filter(line => line !== '');
      resolve(lines.length === 0 ? 'ip: no answer' : { lines });
    });
  });
}
