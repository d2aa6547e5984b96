/** `show errors`: the last request and response of each proxy that could not be understood, with their bytes. */
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { BadMessage } from '../../model/bad-message.ts';
import type { AdminRuntime } from '../runtime.ts';
import { leadingInteger } from '../units.ts';
import { logDate } from './session-lines.ts';

async function showErrors(call: Call): Promise<Answer> {
  const { args, runtime } = call;
  const wanted = args.at(2) === '' ? undefined : proxyIdOf(call);
  if (wanted === 0) return fail('No such proxy.');
  const side = args.at(3);
  const reports = await runtime.badMessages();
  const total = reports.reduce((sum, { count }) => sum + count, 0);
  const messages = latest(reports.flatMap(report => report.messages)).filter(
    message =>
      (side !== 'request' && side !== 'response' ? true : message.side === side) &&
      (wanted === undefined || concerns(runtime, message, wanted)),
  );
  return dump([
    `Total events captured on [${logDate(Date.now(), 3)}] : ${total}\n`,
    ...messages.map(message => describe(runtime, message)),
  ]);
}

/** By name, else the number itself; 0: none. */
function proxyIdOf({ args, runtime }: Call): number {
  const { proxies } = runtime.directory;
  return proxies.find(({ name }) => name === args.at(2))?.id ?? leadingInteger(args.at(2));
}

function concerns({ directory }: AdminRuntime, { proxy, otherProxy }: BadMessage, id: number): boolean {
  return [proxy, otherProxy].some(row => row !== undefined && directory.proxies[row]?.id === id);
}

/** Of several threads' last messages of a proxy only the last one counts. */
function latest(messages: readonly BadMessage[]): readonly BadMessage[] {
  const last = new Map<string, BadMessage>();
  for (const message of messages) {
    const key = `${message.side} ${message.proxy}`;
    const known = last.get(key);
    if (known === undefined || known.atMs < message.atMs) last.set(key, message);
  }
  return [...last.values()].sort((a, b) => a.proxy - b.proxy);
}

function describe({ directory }: AdminRuntime, message: BadMessage): string {
  const nameOf = (row: number | undefined): string => {
    const proxy = row === undefined ? undefined : directory.proxies[row];
    return proxy === undefined ? '<NONE> (#-1)' : `${proxy.name} (#${proxy.id})`;
  };
  const server = message.server === undefined ? undefined : directory.at(message.server)?.config;
  const serverText = server === undefined ? '<NONE> (#-1)' : `${server.name} (#${server.id})`;
  const { bytes, bufferSize, side } = message;
  const [own, other] = side === 'request' ? ['frontend', 'backend'] : ['backend', 'frontend'];
  return (
    ` \n[${logDate(message.atMs, 3)}] ${own} ${nameOf(message.proxy)}: invalid ${side}\n` +
    `  ${other} ${nameOf(message.otherProxy)}, server ${serverText}, event #${message.event}, src ${message.source}\n` +
    `  buffer starts at 0 (including 0 out), ${Math.max(0, bufferSize - bytes.length)} free,\n` +
    `  len ${bytes.length}, wraps at ${bufferSize}, error: ${message.reason}\n` +
    `  \n${textLines(bytes)}`
  );
}

const LINE_ROOM = 72;
const ESCAPES: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1b': '\\e',
  '\\': '\\\\',
};

function escaped(byte: number): string {
  const char = String.fromCharCode(byte);
  const known = ESCAPES[char];
  if (known !== undefined) return known;
  return byte >= 0x20 && byte < 0x7f ? char : `\\x${byte.toString(16).padStart(2, '0').toUpperCase()}`;
}

/** Lines as they were, each with its place; `+` marks the continuation of a long one. */
function textLines(bytes: Uint8Array): string {
  let text = '';
  let line = '';
  let start = 0;
  let continues = false;
  const flush = (next: number, ended: boolean): void => {
    text += `  ${String(start).padStart(5, '0')}${continues ? '+' : ' '} ${line}\n`;
    line = '';
    start = next;
    continues = !ended;
  };
  for (const [index, byte] of bytes.entries()) {
    const char = escaped(byte);
    if (line.length + char.length > LINE_ROOM) flush(index, false);
    line += char;
    if (byte === 0x0a) flush(index + 1, true);
  }
  if (line !== '') flush(bytes.length, true);
  return text;
}

export const ERROR_COMMANDS: readonly Command[] = [
  {
    words: 'show errors',
    args: '[<px>] [request|response]',
    summary: 'last messages that could not be understood',
    level: 'operator',
    run: showErrors,
  },
];
