/** `protobuf` and `ungrpc`: fields of Protocol Buffers messages, bare or sent by gRPC (manual, section 7.3.1). */
import type { Arguments, Mistake } from '../arguments.ts';
import { normalInt, wrapInt } from '../integer.ts';
import type { Convert, ConverterRow } from '../row.ts';
import type { Int } from '../sample.ts';
import { longAt } from './packet-fields.ts';
import { fieldsOf, varintOf } from './protobuf-fields.ts';
import type { Field, WireType } from './protobuf-fields.ts';

/** A declared type: how its fields are laid out, and the integer that their bytes stand for. */
interface FieldType {
  readonly wire: WireType;
  readonly read: (bytes: string) => Int;
}

const varint: FieldType = { wire: 'varint', read: bytes => wrapInt(varintOf(bytes)) };
const zigzag: FieldType = {
  wire: 'varint',
  read: bytes => {
    const value = varintOf(bytes);
    return normalInt((value >> 1n) ^ -(value & 1n));
  },
};
const fixed64: FieldType = { wire: '64bit', read: bytes => normalInt(bufferOf(bytes).readBigInt64LE()) };

const TYPES: ReadonlyMap<string, FieldType> = new Map([
  ['int32', varint],
  ['uint32', varint],
  ['sint32', zigzag],
  ['int64', varint],
  ['uint64', varint],
  ['sint64', zigzag],
  ['bool', varint],
  ['enum', varint],
  ['fixed64', fixed64],
  ['sfixed64', fixed64],
  ['double', { wire: '64bit', read: bytes => truncated(bufferOf(bytes).readDoubleLE()) }],
  ['fixed32', { wire: '32bit', read: bytes => bufferOf(bytes).readUInt32LE() }],
  ['sfixed32', { wire: '32bit', read: bytes => bufferOf(bytes).readInt32LE() }],
  ['float', { wire: '32bit', read: bytes => truncated(bufferOf(bytes).readFloatLE()) }],
]);

const bufferOf = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');

/** Integers have no place for what stands behind the point, nor for what is no number. */
function truncated(value: number): Int {
  return Number.isFinite(value) ? wrapInt(BigInt(Math.trunc(value))) : 0;
}

/** The first field that a path of numbers leads to, through messages within messages. */
function fieldAt(message: string, path: readonly number[], depth = 0): Field | undefined {
  const isLast = depth === path.length - 1;
  for (const field of fieldsOf(message)) {
    if (field.number !== path[depth]) continue;
    if (isLast) return field;
    const inner = field.wire === 'bytes' ? fieldAt(field.bytes, path, depth + 1) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const GRPC_PREFIX = 5;

/** The messages of a gRPC body that are there whole: a flag for compression and a length before each. */
function* grpcMessages(body: string): Generator<string> {
  for (let at = 0; at + GRPC_PREFIX < body.length;) {
    const start = at + GRPC_PREFIX;
    at = start + longAt(body, at + 1);
    if (at > body.length) return;
    yield body.slice(start, at);
  }
}

type Find = (bytes: string, path: readonly number[]) => Field | undefined;

function findInGrpc(body: string, path: readonly number[]): Field | undefined {
  for (const message of grpcMessages(body)) {
    const field = fieldAt(message, path);
    if (field !== undefined) return field;
  }
  return undefined;
}

function compileWith(find: Find): (args: Arguments) => Convert | Mistake {
  return args => {
    const dotted = args[0]?.text ?? '';
    if (!/^[0-9]+(\.[0-9]+)*$/.test(dotted))
      return { error: `failed to parse '${dotted}' as type 'Protocol buffers field number'` };
    const path = dotted.split('.').map(Number);
    const name = args[1]?.text;
    if (name === undefined) return (bytes: string) => find(bytes, path)?.bytes;
    const type = TYPES.get(name);
    if (type === undefined) return { error: `Wrong protocol buffer type '${name}'` };
    return (bytes: string) => {
      const field = find(bytes, path);
      return field?.wire === type.wire ? type.read(field.bytes) : undefined;
    };
  };
}

const ARGS = ['field_number:str', 'field_type:str?'] as const;

export const PROTOBUF_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'protobuf',
    args: ARGS,
    in: 'bin',
    out: 'any',
    summary: 'field of a Protocol Buffers message: its bytes, or an integer with a type',
    compile: compileWith(fieldAt),
  },
  {
    name: 'ungrpc',
    args: ARGS,
    in: 'bin',
    out: 'any',
    summary: 'field of the Protocol Buffers messages that gRPC sends',
    compile: compileWith(findInGrpc),
  },
];
