/** The system's nameservers (resolv.conf(5)): those of the section `default`, and of `parse-resolv-conf`. */
import { readFileSync } from 'node:fs';
import { describeSystemError } from '../../base/system-error.ts';
import { parseIp } from '../../base/ip-address.ts';
import { fullIPv4 } from '../../config-parser/short-ipv4.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic, Position } from '../../model/diagnostic.ts';
import type { NameserverPlace } from './nameserver-stream.ts';

const FILE = '/etc/resolv.conf';
const PORT = 53;

interface SystemNameservers {
  readonly nameservers: readonly NameserverPlace[];
  /** Lines that name none, each in words. */
  readonly complaints: readonly string[];
}

/** None where the file cannot be read. */
export function systemNameservers(): readonly NameserverPlace[] {
  try {
    return nameserversIn(readFileSync(FILE, 'latin1')).nameservers;
  } catch {
    return [];
  }
}

/** By the text of such a file: each is named by its address. */
export function nameserversIn(text: string): SystemNameservers {
  const nameservers = new Map<string, NameserverPlace>();
  const complaints: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [, words] = /^nameserver(?:\s+(.*))?$/s.exec(line) ?? [];
    if (words === undefined && line.trimEnd() !== 'nameserver') continue;
    const name = words?.trim().split(/\s/, 1)[0] ?? '';
    const address = addressOf(name);
    const wrong = address === undefined ? noAddress(name) : nameservers.has(name) ? isThere(name) : undefined;
    if (wrong !== undefined) complaints.push(`${FILE}:${index + 1}: ${wrong}.`);
    else if (address !== undefined) nameservers.set(name, { name, address, onlyStreams: false });
  }
  return { nameservers: [...nameservers.values()], complaints };
}

function noAddress(name: string): string {
  if (name === '') return 'nameserver line is missing address';
  return `address '${name}' could not be recognized, nameserver will be excluded`;
}

function isThere(name: string): string {
  return `nameserver '${name}' appears to be a duplicate and will be excluded`;
}

function addressOf(name: string): NameserverPlace['address'] | undefined {
  const host = fullIPv4(name) ?? name.replace(/^\[(.*)\]$/, '$1');
  const ip = parseIp(host);
  return ip && { family: ip.family, host, port: PORT };
}

/** Of sections that take them. */
export function checkSystemNameservers({ otherSections }: Config): readonly Diagnostic[] {
  return otherSections
    .filter(({ kind }) => kind === 'resolvers')
    .flatMap(({ lines }) => lines)
    .flatMap(([keyword]) => (keyword?.text === 'parse-resolv-conf' ? judge(keyword.position) : []));
}

function judge(position: Position): readonly Diagnostic[] {
  try {
    const { complaints } = nameserversIn(readFileSync(FILE, 'latin1'));
    return complaints.map(message => ({ severity: 'warning', position, message }));
  } catch (error) {
    const message = `'parse-resolv-conf' : failed to open ${FILE}: ${describeSystemError(error)}.`;
    return [{ severity: 'alert', position, message }];
  }
}
