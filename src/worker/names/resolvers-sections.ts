/**
 * The resolvers sections of a configuration as dns/ takes them (manual, section 5.3.2). A section `default` that asks
 * the system's nameservers exists wherever there are any.
 */
import { readFileSync } from 'node:fs';
import { parseAddress } from '../../config-parser/address.ts';
import { parseTime } from '../../config-parser/units.ts';
import { DEFAULT_SETTINGS, type HeldStatus, type ResolversSettings } from '../../dns/settings.ts';
import type { NameserverSettings } from '../../dns/nameserver.ts';
import type { Config, OtherSection } from '../../model/config.ts';
import type { Word } from '../../model/word.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import { withStream, type NameserverPlace } from './nameserver-stream.ts';
import { systemNameservers } from './system-nameservers.ts';

const PORT = 53;
/** RFC 7858, section 3.1. */
const TLS_PORT = 853;
export const NAMESERVER_ADDRESS = {
  port: 'optional',
  transport: 'datagram',
  accepts: ['stream', 'datagram'],
} as const;

export function resolversSections(config: Config, secure: SecureConnect): ResolversSettings[] {
  const families = acceptedFamilies(config);
  const written = config.otherSections.filter(({ kind }) => kind === 'resolvers').map(readSection);
  if (!written.some(({ name }) => name === 'default')) {
    const nameservers = systemNameservers();
    if (nameservers.length > 0) written.push({ ...DEFAULT_SETTINGS, name: 'default', nameservers });
  }
  return written.map(section => {
    const streams = config.nameservers.find(({ name }) => name === section.name)?.servers ?? [];
    const nameservers = section.nameservers.map((one): NameserverSettings => {
      const server = one.onlyStreams ? streams.find(({ name }) => name === one.name) : undefined;
      return withStream(one, server, section.resolveMs, secure);
    });
    return { ...section, nameservers, families };
  });
}

type Written = Omit<ResolversSettings, 'nameservers' | 'families'> & {
  readonly nameservers: readonly NameserverPlace[];
};
type Draft = { -readonly [Key in keyof Written]: Written[Key] };

function readSection({ name, lines }: OtherSection): Written {
  const draft: Draft = { ...DEFAULT_SETTINGS, name, nameservers: [] };
  for (const line of lines) readLine(draft, line);
  return draft;
}

function readLine(draft: Draft, [keyword, ...words]: readonly Word[]): void {
  const [first = '', second = ''] = words.map(({ text }) => text);
  switch (keyword?.text) {
    case 'nameserver':
      return add(draft, nameserverOf(first, second, words));
    case 'parse-resolv-conf':
      for (const one of systemNameservers()) add(draft, one);
      return;
    case 'hold':
      draft.holdMs = { ...draft.holdMs, [first as HeldStatus]: milliseconds(second) };
      return;
    case 'timeout':
      if (first === 'resolve') draft.resolveMs = milliseconds(second);
      else draft.retryMs = milliseconds(second);
      return;
    case 'resolve_retries':
      draft.retries = Number(first);
      return;
    case 'accepted_payload_size':
      draft.payloadSize = Number(first);
      return;
    default:
  }
}

function add(draft: Draft, nameserver: NameserverPlace | undefined): void {
  if (nameserver === undefined || draft.nameservers.some(({ name }) => name === nameserver.name)) return;
  draft.nameservers = [...draft.nameservers, nameserver];
}

function milliseconds(text: string): number {
  return parseTime(text, 'ms').value ?? 0;
}

/** The line was checked when it was parsed. */
function nameserverOf(name: string, text: string, words: readonly Word[]): NameserverPlace | undefined {
  const { value } = parseAddress(text, NAMESERVER_ADDRESS);
  if (value?.address.kind !== 'ip') return undefined;
  const { family, host, port } = value.address;
  const address = { family, host, port: port === 0 ? usualPort(words) : port };
  return { name, address, onlyStreams: value.transport === 'stream' };
}

function usualPort(words: readonly Word[]): number {
  return words.some(({ text }) => text === 'ssl') ? TLS_PORT : PORT;
}

/** `dns-accept-family`; by default IPv6 only where the system has a way out for it. */
function acceptedFamilies({ global }: Config): ReadonlySet<4 | 6> {
  const line = global.otherLines.findLast(([keyword]) => keyword?.text === 'dns-accept-family');
  const families = new Set<4 | 6>();
  for (const word of line?.[1]?.text.split(',') ?? ['auto']) {
    if (word !== 'ipv6') families.add(4);
    if (word === 'ipv6' || (word === 'auto' && hasDefaultRoute6())) families.add(6);
  }
  return families;
}

/** A line of the kernel's table whose destination is everything, and that is no rejection. */
function hasDefaultRoute6(): boolean {
  const REJECT = 0x0200;
  try {
    return readFileSync('/proc/net/ipv6_route', 'latin1')
      .split('\n')
      .some(line => {
        const words = line.split(/\s+/);
        const [destination = '', length] = words;
        const flags = Number.parseInt(words[8] ?? '0', 16);
        return /^0{32}$/.test(destination) && length === '00' && (flags & REJECT) === 0;
      });
  } catch {
    return false;
  }
}
