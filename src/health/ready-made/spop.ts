/**
 * `option spop-check`: a HELLO of the stream processing offload protocol that says it is a health check, and the
 * agent's HELLO (HAProxy's doc/SPOE.txt, sections 3.1 and 3.2).
 */
import type { CheckFacts } from '../check-facts.ts';
import { plainSend } from '../compile-send.ts';
import type { Step, Verdict } from '../ruleset.ts';
import { answerStep, CLEAN_CONNECT } from './answer.ts';

const HELLO = 1;
const AGENT_HELLO = 101;
const AGENT_DISCONNECT = 102;
const FIN = 1;
const FRAME_HEAD = 11;
const VERSION = '2.0';
const LEAST_FRAME = 256;

/** `typed data`: the low four bits say the type. */
const BOOLEAN = 1;
const INTEGERS = new Set([2, 3, 4, 5]);
const STRING = 8;
const TRUE = 0x10;

const REASONS = {
  noVersion: [5, 'version value not found'],
  noFrameSize: [6, 'max-frame-size value not found'],
  noCapabilities: [7, 'capabilities value not found'],
  badVersion: [8, 'unsupported version'],
  badFrameSize: [9, 'max-frame-size too big or too small'],
  invalid: [4, 'invalid frame received'],
} as const;

export function spopSteps(): Step[] {
  return [{ ...CLEAN_CONNECT, linger: false }, plainSend(helloFrame(), 1), answerStep(2, judgeHello)];
}

function helloFrame(): Buffer {
  const size = Buffer.from([0xfc, 0xf0, 0x06]);
  const body = Buffer.concat([
    text('supported-versions'),
    Buffer.from([STRING]),
    text(VERSION),
    text('max-frame-size'),
    Buffer.from([3]),
    size,
    text('capabilities'),
    Buffer.from([STRING]),
    text(''),
    text('healthcheck'),
    Buffer.from([BOOLEAN | TRUE]),
  ]);
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(FRAME_HEAD - 4 + body.length, 0);
  head[4] = HELLO;
  head.writeUInt32BE(FIN, 5);
  return Buffer.concat([head, body]);
}

/** All texts here are shorter than 240 bytes: their length is one byte. */
function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}

function failed([code, info]: readonly [number, string]): Verdict {
  return { status: 'L7RSP', code, info };
}

function judgeHello(facts: CheckFacts, last: boolean): Verdict {
  const bytes = facts.received;
  const short = last ? failed(REASONS.invalid) : 'wait';
  if (bytes.length < FRAME_HEAD) return short;
  const type = bytes[4];
  const wellFormed =
    (type === AGENT_HELLO || type === AGENT_DISCONNECT) &&
    bytes.readUInt32BE(5) === FIN &&
    bytes.readUInt16BE(9) === 0;
  if (!wellFormed) return failed(REASONS.invalid);
  const end = 4 + bytes.readUInt32BE(0);
  if (bytes.length < end) return short;
  const fields = readFields(bytes.subarray(FRAME_HEAD, end));
  if (fields === undefined) return failed(REASONS.invalid);
  return type === AGENT_DISCONNECT ? judgeDisconnect(fields) : judgeFields(fields);
}

type Field = string | number | boolean | undefined;

function judgeDisconnect(fields: ReadonlyMap<string, Field>): Verdict {
  const code = fields.get('status-code');
  const message = fields.get('message');
  return {
    status: 'L7RSP',
    code: typeof code === 'number' ? code : 0,
    info: typeof message === 'string' ? message : 'unknown error',
  };
}

function judgeFields(fields: ReadonlyMap<string, Field>): Verdict {
  const version = fields.get('version');
  const size = fields.get('max-frame-size');
  if (version !== undefined && (typeof version !== 'string' || !/^\s*[12]\.0\s*$/.test(version)))
    return failed(REASONS.badVersion);
  if (size !== undefined && (typeof size !== 'number' || size < LEAST_FRAME))
    return failed(REASONS.badFrameSize);
  if (version === undefined) return failed(REASONS.noVersion);
  if (size === undefined) return failed(REASONS.noFrameSize);
  if (typeof fields.get('capabilities') !== 'string') return failed(REASONS.noCapabilities);
  return { status: 'L7OK', info: 'SPOA server is ok' };
}

/** Undefined: the frame is broken. */
function readFields(bytes: Buffer): Map<string, Field> | undefined {
  const reader = new FieldReader(bytes);
  const fields = new Map<string, Field>();
  while (!reader.done) {
    const name = reader.text();
    const value = reader.value();
    if (name === undefined || name === '' || value === 'broken') return undefined;
    fields.set(name, value.value);
  }
  return fields;
}

class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  text(): string | undefined {
    const length = this.#integer();
    if (length === undefined || this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.toString('latin1', this.#at - length, this.#at);
  }

  value(): { readonly value: Field } | 'broken' {
    const type = this.#bytes[this.#at++];
    if (type === undefined) return 'broken';
    const kind = type & 0x0f;
    if (kind === 0) return { value: undefined };
    if (kind === BOOLEAN) return { value: (type & 0xf0) !== 0 };
    if (INTEGERS.has(kind)) return present(this.#integer());
    if (kind === 6 || kind === 7) {
      this.#at += kind === 6 ? 4 : 16;
      return this.#at > this.#bytes.length ? 'broken' : { value: undefined };
    }
    return present(this.text());
  }

  /** Section 3.1: below 240 one byte, else four bits, then seven bits a byte. */
  #integer(): number | undefined {
    const first = this.#bytes[this.#at++];
    if (first === undefined || first < 240) return first;
    let value = first;
    for (let factor = 16; ; factor *= 128) {
      const next = this.#bytes[this.#at++];
      if (next === undefined || factor > 2 ** 46) return undefined;
      value += next * factor;
      if (next < 128) return value;
    }
  }
}

function present(value: Field): { readonly value: Field } | 'broken' {
  return value === undefined ? 'broken' : { value };
}
