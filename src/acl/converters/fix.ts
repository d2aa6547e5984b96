/** `fix_is_valid` and `fix_tag_value`: messages `tag=value` of Financial Information eXchange (manual, section 7.3.1). */
import type { Arguments, Mistake } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { Convert, ConverterRow } from '../row.ts';

const DELIMITER = '\x01';
const BEGIN_STRING = 8;
const BODY_LENGTH = 9;
const CHECK_SUM = 10;
const MSG_TYPE = 35;
const TAG_NAMES: ReadonlyMap<string, number> = new Map([
  ['beginstring', BEGIN_STRING],
  ['bodylength', BODY_LENGTH],
  ['checksum', CHECK_SUM],
  ['msgtype', MSG_TYPE],
  ['sendercompid', 49],
  ['targetcompid', 56],
]);
/** The highest tag of each version; 10000 to 19999 are the users'. */
const HIGHEST_TAG: ReadonlyMap<string, number> = new Map([
  ['FIX.4.0', 140],
  ['FIX.4.1', 211],
  ['FIX.4.2', 446],
  ['FIX.4.3', 659],
  ['FIX.4.4', 956],
  ['FIXT.1.1', 1621],
]);
const SHORTEST_MESSAGE = 26;

interface Field {
  readonly tag: number;
  readonly value: string;
  readonly next: number;
}

function tagNumber(text: string): number {
  return /^[0-9]+$/.test(text) ? Number(text) : 0;
}

/** The field that starts there; undefined: it is none. */
function fieldAt(message: string, at: number): Field | 'cut' | undefined {
  const equals = message.indexOf('=', at);
  const end = equals < 0 ? -1 : message.indexOf(DELIMITER, equals);
  if (end < 0) return 'cut';
  const tag = tagNumber(message.slice(at, equals));
  return tag === 0 ? undefined : { tag, value: message.slice(equals + 1, end), next: end + 1 };
}

function isKnownTag(tag: number, highest: number): boolean {
  return tag <= highest || (tag >= 10000 && tag <= 19999);
}

/** The values that decide whether a message is one, in the order of its first fields. */
class Validation {
  readonly #message: string;
  #count = 0;
  #highest = Infinity;
  #bodyLength = 0;
  #bodyAt = 0;

  constructor(message: string) {
    this.#message = message;
  }

  run(): boolean | 'cut' {
    if (this.#message.length < SHORTEST_MESSAGE) return 'cut';
    for (let at = 0; at < this.#message.length;) {
      const field = fieldAt(this.#message, at);
      if (field === 'cut') return 'cut';
      if (field === undefined || !isKnownTag(field.tag, this.#highest)) return false;
      if (++this.#count > 3 && field.tag === CHECK_SUM) return this.#endsWell(field, at);
      if (!this.#begins(field)) return false;
      at = field.next;
    }
    return 'cut';
  }

  /** What the first three fields have to be. */
  #begins({ tag, value, next }: Field): boolean {
    if (this.#count === 1) {
      this.#highest = HIGHEST_TAG.get(value) ?? 0;
      return tag === BEGIN_STRING && this.#highest > 0;
    }
    if (this.#count === 2) {
      this.#bodyLength = tagNumber(value);
      this.#bodyAt = next;
      return tag === BODY_LENGTH && this.#bodyLength > 0;
    }
    return this.#count > 3 || tag === MSG_TYPE;
  }

  #endsWell({ value }: Field, at: number): boolean {
    if (this.#bodyLength !== at - this.#bodyAt || value.length !== 3) return false;
    let sum = 0;
    for (let index = 0; index < at; index++) sum += this.#message.charCodeAt(index);
    return (sum & 255) === Number(value);
  }
}

/** The bytes of a stream under inspection may still grow: only a cut message has to wait for them. */
function settled(ctx: SampleContext, isCut: boolean): void {
  ctx.needMoreData = isCut && !ctx.final;
}

const isValid: Convert = (message: string, ctx) => {
  const verdict = new Validation(message).run();
  settled(ctx, verdict === 'cut');
  return verdict === 'cut' ? undefined : verdict;
};

function valueOf(message: string, wanted: number): { readonly value: string } | 'cut' | undefined {
  for (let at = 0; at < message.length;) {
    const field = fieldAt(message, at);
    if (field === undefined || field === 'cut') return field;
    if (field.tag === wanted) return field;
    if (field.tag === CHECK_SUM) return undefined;
    at = field.next;
  }
  return 'cut';
}

function compileTagValue(args: Arguments): Convert | Mistake {
  const text = args[0]?.text ?? '';
  const tag = tagNumber(text) || TAG_NAMES.get(text.toLowerCase());
  if (tag === undefined) return { error: `Unknown FIX tag name '${text}'` };
  return (message: string, ctx) => {
    const found = valueOf(message, tag);
    settled(ctx, found === 'cut');
    return found === 'cut' ? undefined : found?.value;
  };
}

export const FIX_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'fix_is_valid',
    in: 'bin',
    out: 'bool',
    summary: 'the bytes are a message of Financial Information eXchange',
    impure: true,
    compile: () => isValid,
  },
  {
    name: 'fix_tag_value',
    args: ['tag:str'],
    in: 'bin',
    out: 'bin',
    summary: 'value of a tag in a message of Financial Information eXchange',
    impure: true,
    compile: compileTagValue,
  },
];
