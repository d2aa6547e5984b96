/**
 * Classic BPF programs (linux/filter.h) that sort packets in the kernel: those that may concern us - hop limit,
 * version, type and router id are right, and there is room for as many addresses as are counted - and the rest. A flood
 * of rubbish fills the queue of the rest only. Pure.
 */

import { AH_LENGTH } from './authentication-header.ts';
import { VRRP_PROTOCOL } from './packet.ts';

export interface AdvertFilter {
  readonly family: 4 | 6;
  readonly leastTtl: number;
  readonly versions: readonly (2 | 3)[];
  readonly routerIds: readonly number[];
  /** Behind an authentication header; packets in which that is in front of something else concern nobody. */
  readonly sealed?: boolean;
}

type Instruction = readonly [operation: number, jumpTrue: number, jumpFalse: number, value: number];

const LOAD_LENGTH = 0x80;
const LOAD_BYTE = 0x30;
const LOAD_BYTE_AT_X = 0x50;
const LOAD_X_HEADER_LENGTH = 0xb1;
const ADD = 0x04;
const ADD_X = 0x0c;
const MULTIPLY = 0x24;
const COPY_TO_X = 0x07;
const JUMP_GE = 0x35;
const JUMP_GE_X = 0x3d;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;

const WHOLE_PACKET = 0x4_0000;
/** SKF_NET_OFF: counts from the network header, which a raw IPv6 socket has already cut off. */
const NETWORK_OFFSET = 0xfff0_0000;
const IPV4_TTL = 8;
const IPV6_HOP_LIMIT = 7;
const IPV4_HEADER = 20;
const VRRP_HEADER = 8;
/** Behind the addresses of version 2. */
const AUTHENTICATION = 8;
const ADVERTISEMENT = 1;

/** The first byte of an authentication header says what follows it. */
const isInFrontOfVrrp: readonly Instruction[] = [
  [LOAD_X_HEADER_LENGTH, 0, 0, 0],
  [LOAD_BYTE_AT_X, 0, 0, 0],
  [JUMP_EQUAL, 1, 0, VRRP_PROTOCOL],
  [RETURN, 0, 0, 0],
];

/** `takeGood`: the packets that may concern us; else all others. */
export function compileFilter(filter: AdvertFilter, takeGood: boolean): Buffer {
  const good: Instruction = [RETURN, 0, 0, takeGood ? WHOLE_PACKET : 0];
  const other: Instruction = [RETURN, 0, 0, takeGood ? 0 : WHOLE_PACKET];
  const isIpv4 = filter.family === 4;
  const before = filter.sealed === true ? AH_LENGTH : 0;
  const byte = (offset: number): Instruction => [isIpv4 ? LOAD_BYTE_AT_X : LOAD_BYTE, 0, 0, before + offset];
  const program: readonly Instruction[] = [
    ...(filter.sealed === true ? isInFrontOfVrrp : []),
    [LOAD_LENGTH, 0, 0, 0],
    [JUMP_GE, 1, 0, VRRP_HEADER + before + (isIpv4 ? IPV4_HEADER : 0)],
    other,
    [LOAD_BYTE, 0, 0, isIpv4 ? IPV4_TTL : NETWORK_OFFSET + IPV6_HOP_LIMIT],
    [JUMP_GE, 1, 0, filter.leastTtl],
    other,
    ...(isIpv4 ? [[LOAD_X_HEADER_LENGTH, 0, 0, 0] as const] : []),
    byte(0),
    ...oneOf(filter.versions.map(version => (version << 4) | ADVERTISEMENT)),
    other,
    byte(1),
    ...oneOf(filter.routerIds),
    other,
    byte(3),
    [MULTIPLY, 0, 0, isIpv4 ? 4 : 16],
    [ADD, 0, 0, VRRP_HEADER + before + (filter.versions.includes(3) ? 0 : AUTHENTICATION)],
    ...(isIpv4 ? [[ADD_X, 0, 0, 0] as const] : []),
    [COPY_TO_X, 0, 0, 0],
    [LOAD_LENGTH, 0, 0, 0],
    [JUMP_GE_X, 1, 0, 0],
    other,
    good,
  ];
  return encode(program);
}

/** Skips the instruction after the run when a value is equal. */
function oneOf(values: readonly number[]): Instruction[] {
  return values.map((value, index) => [JUMP_EQUAL, values.length - index, 0, value]);
}

function encode(program: readonly Instruction[]): Buffer {
  const code = Buffer.alloc(program.length * 8);
  for (const [index, [operation, jumpTrue, jumpFalse, value]] of program.entries()) {
    code.writeUInt16LE(operation, index * 8);
    code[index * 8 + 2] = jumpTrue;
    code[index * 8 + 3] = jumpFalse;
    code.writeUInt32LE(value, index * 8 + 4);
  }
  return code;
}
