/** Addresses of virtual and real servers: `<ip> [<port>]`, ranges of a group, `fwmark <n>`, `group <name>`. */
import { isIPv4 } from 'node:net';
import { ipToBytes, parseIp } from '../../base/ip-address.ts';
import type { ServiceAddress, VirtualServerGroup, VirtualService } from '../../model/virtual-server.ts';
import type { Word } from '../../model/word.ts';
import { parsePrefix } from './address-entry.ts';
import type { Statement } from './block.ts';
import type { Scope } from './scope.ts';
import { blockOf, familyOf, integerOf } from './values.ts';

export function parseService(
  words: readonly Word[],
  statement: Statement,
  scope: Scope,
): VirtualService | undefined {
  const [first, second] = words;
  if (first === undefined) {
    scope.report.warn(
      statement.position,
      `${statement.name} needs <ip> [<port>], fwmark <n> or group <name> - skipping`,
    );
    return undefined;
  }
  if (first.text === 'group' && second !== undefined) return { kind: 'group', name: second.text };
  if (first.text === 'fwmark' && second !== undefined) return parseMark(second, words[2], scope);
  const address = parseServer(words, statement, scope);
  return address === undefined ? undefined : { kind: 'address', ...address };
}

function parseMark(word: Word, family: Word | undefined, scope: Scope): VirtualService | undefined {
  const fwmark = integerOf(word, 'fwmark', scope, 1, 0xffff_ffff);
  if (fwmark === undefined) return undefined;
  if (family === undefined) return { kind: 'fwmark', fwmark };
  return { kind: 'fwmark', fwmark, family: family.text === 'inet6' ? 6 : 4 };
}

/** `<ip> [<port>]`; a missing port is 0, every port, as one that says so. */
export function parseServer(
  words: readonly Word[],
  statement: Statement,
  scope: Scope,
): ServiceAddress | undefined {
  const [host, portWord] = words;
  const range = host === undefined ? undefined : parseRange(host.text);
  if (host === undefined || range === undefined) {
    scope.report.warn(
      statement.position,
      `'${host?.text ?? ''}' is not an IP address - skipping ${statement.name}`,
    );
    return undefined;
  }
  const port = portWord === undefined ? 0 : integerOf(portWord, 'port', scope, 0, 65_535);
  return port === undefined ? undefined : { ...range, port };
}

type Range = Pick<ServiceAddress, 'family' | 'address' | 'lastAddress'>;

/** `a.b.c.1-10`, `a.b.c.1-a.b.d.9`, `a.b.c.8/29`, or one address. */
function parseRange(text: string): Range | undefined {
  const [from = '', to] = text.split('-');
  const family = familyOf(from);
  if (to === undefined)
    return text.includes('/') ? networkRange(text) : family && { family, address: from, lastAddress: from };
  if (family === undefined) return undefined;
  if (familyOf(to) === family) return { family, address: from, lastAddress: to };
  const cut = family === 4 ? from.lastIndexOf('.') : from.lastIndexOf(':');
  const last = from.slice(0, cut + 1) + to;
  return familyOf(last) === family ? { family, address: from, lastAddress: last } : undefined;
}

function networkRange(text: string): Range | undefined {
  const prefix = parsePrefix(text);
  if (prefix === undefined || prefix.family !== 4) return undefined;
  const size = 2 ** (32 - prefix.prefixLength);
  const first = Math.floor(numberOf(prefix.address) / size) * size;
  return { family: 4, address: dotted(first), lastAddress: dotted(first + size - 1) };
}

function numberOf(address: string): number {
  return isIPv4(address) ? address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) : 0;
}

function dotted(value: number): string {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

export function parseServerGroup(name: string, statement: Statement, scope: Scope): VirtualServerGroup {
  const members = blockOf(statement, scope).flatMap(item => {
    const member = parseService([{ text: item.name, position: item.position }, ...item.words], item, scope);
    if (member?.kind === 'group') scope.report.warn(item.position, 'a group in a group - skipping');
    const isUsable = member !== undefined && member.kind !== 'group' && !isBackwards(member, item, scope);
    return isUsable ? [member] : [];
  });
  return { name, position: statement.position, members };
}

function isBackwards(member: VirtualService, { name, position }: Statement, { report }: Scope): boolean {
  if (member.kind !== 'address' || member.address === member.lastAddress) return false;
  const [first, last] = [parseIp(member.address), parseIp(member.lastAddress)];
  if (first !== undefined && last !== undefined && ipToBytes(first) < ipToBytes(last)) return false;
  report.warn(position, `Address range end is not greater than address range start - ${name} - skipping`);
  return true;
}
