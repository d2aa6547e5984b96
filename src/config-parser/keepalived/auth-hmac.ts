/** `auth_hmac { ... }` of a `vrrp_instance`: keys and how strictly signed adverts are asked for (keepalived 2.4). */
import { dirname, isAbsolute, join } from 'node:path';
import type { AdvertSignature, SigningKey } from '../../model/vrrp-instance.ts';
import type { Statement } from './block.ts';
import { KeywordTable } from './keyword.ts';
import type { Scope } from './scope.ts';
import { integerOf, readInteger } from './values.ts';

export interface SigningDraft {
  readonly keys: SigningKey[];
  activeKey: number;
  /** false: `anti_replay monotonic`. */
  checksTime: boolean;
  windowSec?: number;
  mode: AdvertSignature['mode'];
}

export function newSigningDraft(): SigningDraft {
  return { keys: [], activeKey: 0, checksTime: true, mode: 'enforce' };
}

const KEY_BYTES = [32, 64] as const;
/** `hex:`, its digits and a little room: a longer file is another one. */
const LONGEST_FILE = 138;
const KEY_IDS = [1, 255] as const;
const WINDOW_SECONDS = [1, 300] as const;
const MODES: readonly string[] = ['enforce', 'permissive', 'receive-only'];

function parseKey(draft: SigningDraft, statement: Statement, scope: Scope): void {
  const { position } = statement;
  const [idWord, valueWord] = statement.words;
  const id =
    idWord === undefined ? undefined : integerOf(idWord, 'auth_hmac key id', scope, KEY_IDS[0], KEY_IDS[1]);
  if (id === undefined || valueWord === undefined) return;
  const { text } = valueWord;
  const key = text.startsWith('file:')
    ? fromFile(text.slice(5), statement, scope)
    : bytesOf(Buffer.from(text));
  if (key === undefined) return;
  if (key.length < KEY_BYTES[0] || key.length > KEY_BYTES[1])
    scope.report.warn(position, `auth_hmac key ${id} has ${key.length} bytes, not ${KEY_BYTES.join(' to ')}`);
  else if (draft.keys.some(other => other.id === id))
    scope.report.warn(position, `duplicate auth_hmac key id ${id} - ignoring`);
  else draft.keys.push({ id, hex: key.toString('hex') });
}

/** A relative path starts where the configuration file is. */
function fromFile(path: string, { position }: Statement, { report, source }: Scope): Buffer | undefined {
  const file = source.readSecret?.(isAbsolute(path) ? path : join(dirname(position.file), path));
  if (file === undefined) {
    report.warn(position, `auth_hmac key file '${path}' cannot be opened`);
    return undefined;
  }
  if (!file.isPrivate)
    report.insecure(position, `auth_hmac key file '${path}' is readable by group or others`);
  if (file.bytes.length <= LONGEST_FILE) return bytesOf(withoutLineEnd(file.bytes));
  report.warn(position, `auth_hmac key file '${path}' is too large`);
  return undefined;
}

function withoutLineEnd(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replace(/[\r\n]+$/, ''), 'latin1');
}

/** `hex:0102...`, or the bytes themselves. */
function bytesOf(value: Buffer): Buffer {
  const text = value.toString('latin1');
  if (!text.startsWith('hex:')) return value;
  const digits = text.slice(4);
  if (!/^[\da-f \t]*$/i.test(digits)) return Buffer.alloc(0);
  // as keepalived, which takes the last one alone, too
  return Buffer.from((digits.match(/[\da-f]{1,2}/gi) ?? []).map(pair => parseInt(pair, 16)));
}

export const AUTH_HMAC = new KeywordTable<SigningDraft>('vrrp_instance/auth_hmac', [
  {
    name: 'key',
    args: '<id> <text>|hex:<digits>|file:<path>',
    least: 2,
    summary: 'a shared secret of 32 to 64 bytes',
    parse: parseKey,
  },
  {
    name: 'active_key',
    args: '<id>',
    least: 1,
    summary: 'key that adverts are signed with',
    parse: (draft, statement, scope) => {
      draft.activeKey = readInteger(statement, scope, ...KEY_IDS) ?? draft.activeKey;
    },
  },
  {
    name: 'time_window',
    args: '<seconds>',
    least: 1,
    summary: 'how far clocks may be apart',
    parse: (draft, statement, scope) => {
      const seconds = readInteger(statement, scope, ...WINDOW_SECONDS);
      if (seconds !== undefined) draft.windowSec = seconds;
    },
  },
  {
    name: 'anti_replay',
    args: 'time|monotonic',
    least: 1,
    summary: 'whether the age of adverts counts, or their order alone',
    parse: (draft, { words, position }, scope) => {
      const text = words[0]?.text ?? '';
      if (text === 'time' || text === 'monotonic') draft.checksTime = text === 'time';
      else
        scope.report.warn(position, `auth_hmac anti_replay '${text}' must be time or monotonic - ignoring`);
    },
  },
  {
    name: 'mode',
    args: 'enforce|permissive|receive-only',
    least: 1,
    summary: 'whether adverts without a trailer are taken, and sent',
    parse: (draft, { words, position }, scope) => {
      const text = words[0]?.text ?? '';
      if (isMode(text)) draft.mode = text;
      else
        scope.report.warn(
          position,
          `auth_hmac mode '${text}' must be enforce, permissive or receive-only - ignoring`,
        );
    },
  },
]);

function isMode(text: string): text is AdvertSignature['mode'] {
  return MODES.includes(text);
}

/** Three intervals, but at least so many seconds. */
const LEAST_WINDOW_SEC = 5;

/** `changed` says how the configuration was changed. Undefined: adverts are not signed. */
export function resolveSignature(
  { keys, activeKey, checksTime, windowSec, mode }: SigningDraft,
  advertIntMs: number,
  strict: boolean,
  changed: (message: string) => void,
): AdvertSignature | undefined {
  if (!keys.some(({ id }) => id === activeKey)) {
    changed(`auth_hmac active_key ${activeKey} is not defined: adverts are not signed`);
    return undefined;
  }
  if (strict && mode !== 'enforce') changed('strict mode requires auth_hmac mode enforce');
  const byInterval = Math.max(LEAST_WINDOW_SEC, 3 * Math.floor(advertIntMs / 1000));
  return {
    keys,
    activeKey,
    mode: strict ? 'enforce' : mode,
    ...(checksTime ? { windowSec: windowSec ?? Math.min(byInterval, WINDOW_SECONDS[1]) } : {}),
  };
}
