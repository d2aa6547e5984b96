/**
 * Stick tables, from the words that were checked when they were read to what they mean; and the tables that `stick`
 * rules use, which store servers whether that was said or not.
 */
import type { Config, OtherSection } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { PeersSection } from '../model/peers.ts';
import {
  STICK_DATA_TYPES,
  type StickDataType,
  type StickKeyType,
  type StickStore,
  type StickTableExchange,
  type StickTableSettings,
} from '../model/stick-table.ts';
import type { Word } from '../model/word.ts';
import { parseStore, splitStores } from './haproxy/stick-store.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';
import { parseSize, parseTime } from './units.ts';

const KEY_LENGTHS: Readonly<Record<StickKeyType, number>> = {
  ip: 4,
  ipv6: 16,
  integer: 4,
  // HAProxy's 32 bytes have room for a NUL behind it
  string: 31,
  binary: 32,
};
/** `[<ipv6>]:<port>` */
const LONGEST_ADDRESS = 47;
/** Words of one table are numbered in 32 bits. */
const LARGEST_TABLE = 2 ** 31;

type Found = Omit<StickTableSettings, 'serverKeyLength' | 'stores'> & {
  readonly stores: Map<StickDataType, StickStore>;
};

export function stickTablesOf(
  { proxies, otherSections, peers }: Pick<Config, 'proxies' | 'otherSections' | 'peers'>,
  context: ParserContext,
): readonly StickTableSettings[] {
  const found = [...tablesOfProxies(proxies, peers), ...tablesOfPeers(otherSections, peers)];
  const byName = new Map(found.map(table => [table.name, table]));
  for (const proxy of proxies) if (!proxy.disabled) storeServers(proxy, byName, context);
  checkWriteTo(proxies, otherSections, byName, context);
  const longest = proxies.flatMap(({ servers }) => servers).map(({ name }) => name.length);
  const serverKeyLength = longest.reduce((most, length) => Math.max(most, length), LONGEST_ADDRESS);
  const tables = found.map(table => ({
    ...table,
    serverKeyLength,
    stores: STICK_DATA_TYPES.flatMap(type => table.stores.get(type) ?? []),
  }));
  for (const table of tables) checkMemory(table, context);
  return tables;
}

function tablesOfProxies(proxies: readonly Proxy[], peers: readonly PeersSection[]): Found[] {
  return proxies.flatMap(({ name, stickTable }) => {
    const first = stickTable?.[0];
    if (stickTable === undefined || first === undefined) return [];
    const section = wordAfter(stickTable, 'peers')?.text;
    return [
      readTable(
        name,
        name,
        first.position,
        stickTable,
        peers.find(one => one.name === section),
      ),
    ];
  });
}

/** Between nodes they are called `/<table>`, which no proxy is called. */
function tablesOfPeers(sections: readonly OtherSection[], peers: readonly PeersSection[]): Found[] {
  return writtenInPeers(sections).map(({ section, name, words }) =>
    readTable(
      `${section}/${name.text}`,
      `/${name.text}`,
      name.position,
      words,
      peers.find(one => one.name === section),
    ),
  );
}

interface TableLine {
  readonly section: string;
  readonly name: Word;
  readonly words: readonly Word[];
}

function writtenInPeers(sections: readonly OtherSection[]): TableLine[] {
  return sections
    .filter(({ kind }) => kind === 'peers')
    .flatMap(({ name: section, lines }) =>
      lines
        .filter(([keyword]) => keyword?.text === 'table')
        .map(([, name, ...words]) => ({ section, name: name as Word, words })),
    );
}

function wordAfter(words: readonly Word[], keyword: string): Word | undefined {
  const at = words.findIndex(word => word.text === keyword);
  return at < 0 ? undefined : words[at + 1];
}

function exchangeOf(
  wireName: string,
  words: readonly Word[],
  { name, shards }: PeersSection,
): StickTableExchange {
  const writeTo = wordAfter(words, 'write-to')?.text;
  return {
    peers: name,
    wireName,
    receiveOnly: words.some(word => word.text === 'recv-only'),
    ...(writeTo !== undefined && { writeTo }),
    shards,
  };
}

/** Of words that were found good. */
function readTable(
  name: string,
  wireName: string,
  position: Position,
  words: readonly Word[],
  peers: PeersSection | undefined,
): Found {
  const after = (keyword: string): string | undefined => wordAfter(words, keyword)?.text;
  const has = (keyword: string): boolean => words.some(word => word.text === keyword);
  const said = after('type') ?? 'ip';
  const keyType = (said === 'ipv4' ? 'ip' : said) as StickKeyType;
  const expire = parseTime(after('expire') ?? '0');
  const size = parseSize(after('size') ?? '0');
  return {
    name,
    position,
    keyType,
    keyLength: Number(after('len') ?? KEY_LENGTHS[keyType]),
    size: size.value ?? 0,
    expireMs: expire.value ?? 0,
    nopurge: has('nopurge'),
    serverKey: after('srvkey') === 'addr' ? 'addr' : 'name',
    bratesFactor: Number(after('brates-factor') ?? 1),
    stores: readStores(words),
    ...(peers !== undefined && { exchange: exchangeOf(wireName, words, peers) }),
  };
}

function readStores(words: readonly Word[]): Map<StickDataType, StickStore> {
  const stores = new Map<StickDataType, StickStore>();
  for (const [index, { text }] of words.entries()) {
    if (text !== 'store') continue;
    for (const one of splitStores(words[index + 1]?.text ?? '')) {
      const store = parseStore(one);
      if ('type' in store && !stores.has(store.type)) stores.set(store.type, store);
    }
  }
  return stores;
}

/** `stick ...` rules need to know servers: their tables store them. */
function storeServers(proxy: Proxy, tables: ReadonlyMap<string, Found>, context: ParserContext): void {
  for (const { keyword, args, position } of proxy.plainRules) {
    if (!keyword.startsWith('stick ')) continue;
    const at = args.findIndex(word => word.text === 'table');
    const name = at < 0 ? proxy.name : (args[at + 1]?.text ?? '');
    const table = tables.get(name);
    if (table === undefined) {
      const hint = didYouMean(name, tables.keys());
      context.alert(position, `Proxy '${proxy.name}': unable to find stick-table '${name}'.`, hint);
      continue;
    }
    for (const type of ['server_id', 'server_key'] as const)
      table.stores.set(type, { type, count: 1, periodMs: 0 });
  }
}

/** `write-to <table>`: what peers say goes there too; it has to be a table of the same kind. */
function checkWriteTo(
  proxies: readonly Proxy[],
  sections: readonly OtherSection[],
  tables: ReadonlyMap<string, Found>,
  context: ParserContext,
): void {
  for (const { name, stickTable } of proxies)
    checkTarget(name, `Proxy '${name}'`, stickTable ?? [], tables, context);
  for (const { section, name, words } of writtenInPeers(sections))
    checkTarget(`${section}/${name.text}`, `Peers section '${section}'`, words, tables, context);
}

function checkTarget(
  name: string,
  owner: string,
  words: readonly Word[],
  tables: ReadonlyMap<string, Found>,
  context: ParserContext,
): void {
  const target = wordAfter(words, 'write-to');
  const source = tables.get(name);
  if (target === undefined || source === undefined) return;
  const other = tables.get(target.text);
  const wrong =
    other === undefined ? `write-to: table '${target.text}' doesn't exist` : differenceOf(source, other);
  if (wrong !== undefined) context.alert(target, `${owner}: failed to initialize stick-table: ${wrong}.`);
}

function differenceOf(source: Found, target: Found): string | undefined {
  if (source.keyType !== target.keyType)
    return `write-to: cannot mix table types ('${target.name}' has '${target.keyType}' type and '${source.name}' has '${source.keyType}' type)`;
  return source.keyLength === target.keyLength
    ? undefined
    : `write-to: cannot mix key sizes ('${target.name}' has '${target.keyLength}' key_size and '${source.name}' has '${source.keyLength}' key_size)`;
}

/** An upper bound that needs no knowledge of the layout: keys, counters, and 64 bytes to find and order entries. */
function checkMemory(table: StickTableSettings, context: ParserContext): void {
  const cells = table.stores.reduce((sum, { count, periodMs }) => sum + count * (periodMs === 0 ? 1 : 3), 0);
  const entry = 64 + table.keyLength + cells * 8 + table.serverKeyLength;
  if ((entry * table.size) / 4 < LARGEST_TABLE) return;
  const most = Math.floor((LARGEST_TABLE * 4) / entry);
  context.alert(
    table.position,
    `stick-table '${table.name}': size ${table.size} needs more memory than a table can have, at most ${most} entries of this kind fit.`,
  );
}
