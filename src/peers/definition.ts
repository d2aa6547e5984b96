/**
 * Table definitions: what a table is called, its keys, and what is stored with each of them (peers.txt, "Definition
 * message format"). Both sides may store different things; who hears of something it does not store steps over it.
 */
import {
  isArray,
  isRate,
  STICK_DATA_TYPES,
  type StickDataType,
  type StickKeyType,
  type StickStore,
  type StickTableSettings,
} from '../model/stick-table.ts';
import { writeVarint, type WireReader } from './varint.ts';
import { KEY_TYPES } from './wire.ts';

export interface TableDefinition {
  /** The sender's number for it. */
  readonly id: number;
  readonly name: string;
  readonly keyType: number;
  /** Of texts one more than the longest: the NUL behind it counts. */
  readonly keyLength: number;
  readonly expireMs: number;
  /** A number with a bit for each type. */
  readonly types: number;
  readonly stores: readonly StickStore[];
}

/** Arrays of more elements than HAProxy has are nobody's. */
const MOST_ELEMENTS = 100;

export function wireKeyLength({
  keyType,
  keyLength,
}: Pick<StickTableSettings, 'keyType' | 'keyLength'>): number {
  return keyType === 'string' ? keyLength + 1 : keyLength;
}

export function wireKeyType(keyType: StickKeyType): number {
  return KEY_TYPES[keyType];
}

/** Enough for every definition with a name of that length. */
export function definitionRoom(name: string): number {
  return name.length + 60 + STICK_DATA_TYPES.length * 16;
}

/** The body; where it ends. */
export function writeDefinition(target: Buffer, start: number, definition: TableDefinition): number {
  const { id, name, keyType, keyLength, expireMs, stores } = definition;
  let at = writeVarint(target, start, id);
  at = writeVarint(target, at, name.length);
  at += target.write(name, at, 'latin1');
  at = writeVarint(target, at, keyType);
  at = writeVarint(target, at, keyLength);
  at = writeVarint(target, at, typeBits(stores));
  at = writeVarint(target, at, expireMs);
  for (const store of stores) at = writeParameters(target, at, store);
  return at;
}

function bitOf(type: StickDataType): number {
  return STICK_DATA_TYPES.indexOf(type);
}

export function typeBits(stores: readonly StickStore[]): number {
  return stores.reduce((bits, { type }) => bits + 2 ** bitOf(type), 0);
}

/** Arrays and rates are told about, each behind the number of its type. */
function writeParameters(target: Buffer, start: number, { type, count, periodMs }: StickStore): number {
  if (!isArray(type) && !isRate(type)) return start;
  let at = writeVarint(target, start, bitOf(type));
  if (isArray(type)) at = writeVarint(target, at, count);
  return isRate(type) ? writeVarint(target, at, periodMs) : at;
}

type DefinitionFault = 'malformed' | { readonly useless: string };

/** `useless`: it can be read, but its updates could not be. */
export function readDefinition(body: WireReader): TableDefinition | DefinitionFault {
  const id = body.varint();
  const nameLength = body.varint();
  if (body.failed || nameLength === 0 || nameLength >= body.left) return 'malformed';
  const name = body.latin1(nameLength);
  const keyType = body.varint();
  const keyLength = body.varint();
  const types = body.varint();
  if (body.failed) return 'malformed';
  const hasParameters = body.left > 0;
  const expireMs = hasParameters ? body.varint() : 0;
  const stores = readStores(body, types, hasParameters && !body.failed);
  if (stores === undefined) return { useless: name };
  return { id, name, keyType, keyLength, expireMs, types, stores };
}

/** Types beyond those known stand at the end of each update: they are stepped over. */
function readStores(body: WireReader, types: number, hasParameters: boolean): StickStore[] | undefined {
  const stores: StickStore[] = [];
  for (const [bit, type] of STICK_DATA_TYPES.entries()) {
    if (Math.floor(types / 2 ** bit) % 2 === 0) continue;
    const store = hasParameters ? readStore(body, bit, type) : plainStore(type);
    if (store === undefined) return undefined;
    stores.push(store);
  }
  return stores;
}

/** Very old ones tell no more than types: arrays would be of unknown length. */
function plainStore(type: StickDataType): StickStore | undefined {
  return isArray(type) ? undefined : { type, count: 1, periodMs: 0 };
}

function readStore(body: WireReader, bit: number, type: StickDataType): StickStore | undefined {
  if (!isArray(type) && !isRate(type)) return { type, count: 1, periodMs: 0 };
  const said = body.varint();
  const count = isArray(type) ? body.varint() : 1;
  const periodMs = isRate(type) ? body.varint() : 0;
  return body.failed || said !== bit || count > MOST_ELEMENTS ? undefined : { type, count, periodMs };
}
