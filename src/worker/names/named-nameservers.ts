/**
 * Nameservers that are written as names (`nameserver dns localhost:53`): the system is asked for them once, when the
 * configuration is loaded, as for every other address.
 */
import { parseAddress } from '../../config-parser/address.ts';
import type { Address } from '../../model/address.ts';
import type { OtherSection } from '../../model/config.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import { NAMESERVER_ADDRESS } from './resolvers-sections.ts';

type Line = readonly Word[];
type NameAddress = Extract<Address, { kind: 'name' }>;

interface NamedAddress {
  readonly word: Word;
  readonly address: NameAddress;
  readonly isStream: boolean;
}

/** Where the name of a nameserver stands, if it is one. */
function namedAddress({ kind }: OtherSection, [keyword, , word]: Line): NamedAddress | undefined {
  if (kind !== 'resolvers' || keyword?.text !== 'nameserver' || word === undefined) return undefined;
  const { value } = parseAddress(word.text, NAMESERVER_ADDRESS);
  if (value?.address.kind !== 'name') return undefined;
  return { word, address: value.address, isStream: value.transport === 'stream' };
}

export function nameserverNames(section: OtherSection): NameAddress[] {
  return section.lines.flatMap(line => namedAddress(section, line)?.address ?? []);
}

/** The same lines, with what `replace` gives for the names. */
export function withAddresses(
  section: OtherSection,
  replace: (address: Address, position: Position, whose: string) => Address,
): OtherSection {
  const lines = section.lines.map((line): Line => {
    const named = namedAddress(section, line);
    if (named === undefined) return line;
    const { word, address, isStream } = named;
    const found = replace(address, word.position, `nameserver ${line[1]?.text}`);
    if (found.kind !== 'ip') return line;
    const host = found.family === 6 ? `[${found.host}]` : found.host;
    const text = `${isStream ? 'tcp' : 'udp'}@${host}:${found.port}`;
    return line.with(2, { ...word, text });
  });
  return { ...section, lines };
}
