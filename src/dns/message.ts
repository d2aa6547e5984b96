/**
 * DNS messages (RFC 1035, section 4): questions are written, answers are read. Reading takes anything a network may
 * bring: what is no answer as the RFC wants it is undefined.
 *
 *   header 12 bytes: id · flags · counts │ question │ answers │ authority │ additional
 */
import { IpAddress } from '../base/ip-address.ts';
import { encodeName, readName } from './name.ts';
import {
  CLASS_IN,
  TYPE_A,
  TYPE_AAAA,
  TYPE_CNAME,
  TYPE_NUMBERS,
  TYPE_OPT,
  TYPE_SRV,
  TYPE_TXT,
  type QuestionType,
  type ResourceRecord,
} from './record.ts';

const HEADER = 12;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;
const RCODE = 0x000f;

export const RCODE_OK = 0;
export const RCODE_NX = 3;
export const RCODE_REFUSED = 5;

export interface Question {
  readonly name: string;
  readonly type: QuestionType;
}

/** `payloadSize` is announced to the server (RFC 6891, section 6.2.3). Undefined: the name cannot be asked for. */
export function encodeQuestion(
  id: number,
  { name, type }: Question,
  payloadSize: number,
): Buffer | undefined {
  const labels = encodeName(name);
  if (labels === undefined) return undefined;
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const question = Buffer.alloc(4);
  question.writeUInt16BE(TYPE_NUMBERS[type], 0);
  question.writeUInt16BE(CLASS_IN, 2);
  const options = Buffer.alloc(11);
  options.writeUInt16BE(TYPE_OPT, 1);
  options.writeUInt16BE(payloadSize, 3);
  return Buffer.concat([header, labels, question, options]);
}

export interface Response {
  readonly rcode: number;
  readonly truncated: boolean;
  /** As asked; undefined: an error that does not repeat the question. */
  readonly asked: AskedFor | undefined;
  readonly answers: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

interface AskedFor {
  /** In lower case. */
  readonly name: string;
  readonly type: number;
}

/** What belongs to which question, before anything else is read; undefined: too short for an id. */
export function idOf(message: Buffer): number | undefined {
  return message.length < 2 ? undefined : message.readUInt16BE(0);
}

export function parseResponse(message: Buffer): Response | undefined {
  if (message.length < HEADER) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE) === 0) return undefined;
  const facts = { rcode: flags & RCODE, truncated: (flags & TRUNCATED) !== 0 };
  const question = message.readUInt16BE(4) === 1 ? readName(message, HEADER) : undefined;
  if (question === undefined || question.end + 4 > message.length)
    return facts.rcode === RCODE_OK
      ? undefined
      : { ...facts, asked: undefined, answers: [], additionals: [] };
  const sections = readSections(message, question.end + 4, facts.truncated);
  if (sections === undefined) return undefined;
  const asked = { name: question.name, type: message.readUInt16BE(question.end) };
  return { ...facts, asked, ...sections };
}

type Sections = Pick<Response, 'answers' | 'additionals'>;

/**
 * Answers have to be whole, unless the message was cut short, which is read as far as it goes. So is what comes along:
 * answers are good without it.
 */
function readSections(message: Buffer, start: number, isCut: boolean): Sections | undefined {
  const answers: ResourceRecord[] = [];
  const additionals: ResourceRecord[] = [];
  let at = readSection(message, start, 6, answers);
  if (at < 0 && !isCut) return undefined;
  if (at >= 0) at = readSection(message, at, 8, []);
  if (at >= 0) readSection(message, at, 10, additionals);
  return { answers, additionals };
}

/** `countAt`: where the header says how many records it has. Gives where the next one begins, -1: it is broken. */
function readSection(message: Buffer, start: number, countAt: number, list: ResourceRecord[]): number {
  const count = message.readUInt16BE(countAt);
  let at = start;
  for (let index = 0; index < count && at >= 0; index++) at = readRecord(message, at, list);
  return at;
}

/** Adds the record if it is one that is known; gives where the next one begins, -1: it is none. */
function readRecord(message: Buffer, start: number, list: ResourceRecord[]): number {
  const name = readName(message, start);
  if (name === undefined || name.end + 10 > message.length) return -1;
  const type = message.readUInt16BE(name.end);
  const isInternet = message.readUInt16BE(name.end + 2) === CLASS_IN;
  const at = name.end + 10;
  const end = at + message.readUInt16BE(at - 2);
  if (end > message.length) return -1;
  if (!isInternet || !KNOWN.has(type)) return end;
  const record = readKnown(message, { name: name.name, type, at, end });
  if (record === undefined) return -1;
  list.push(record);
  return end;
}

const KNOWN: ReadonlySet<number> = new Set([TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SRV, TYPE_TXT]);

interface RecordPlace {
  readonly name: string;
  readonly type: number;
  /** Of the data. */
  readonly at: number;
  readonly end: number;
}

function readKnown(message: Buffer, { name, type, at, end }: RecordPlace): ResourceRecord | undefined {
  const length = end - at;
  const word = (index: number): number => message.readUInt32BE(at + index * 4);
  if (type === TYPE_A)
    return length === 4 ? { type: 'address', name, address: IpAddress.v4(word(0)) } : undefined;
  if (type === TYPE_AAAA) {
    if (length !== 16) return undefined;
    return { type: 'address', name, address: new IpAddress(6, word(0), word(1), word(2), word(3)) };
  }
  if (type === TYPE_TXT) {
    const text = readStrings(message, at, end);
    return text === undefined ? undefined : { type: 'text', name, text };
  }
  const targetAt = type === TYPE_SRV ? at + 6 : at;
  const target = length <= targetAt - at ? undefined : readName(message, targetAt);
  if (target === undefined || target.end !== end) return undefined;
  if (type === TYPE_CNAME) return { type: 'cname', name, target: target.name };
  const number = (offset: number): number => message.readUInt16BE(at + offset);
  return { type: 'srv', name, priority: number(0), weight: number(2), port: number(4), target: target.name };
}

/** The strings of a TXT record, put together (RFC 1035, section 3.3.14). */
function readStrings(message: Buffer, start: number, end: number): string | undefined {
  let text = '';
  for (let at = start; at < end;) {
    const next = at + 1 + (message[at] as number);
    if (next > end) return undefined;
    text += message.toString('latin1', at + 1, next);
    at = next;
  }
  return text;
}
