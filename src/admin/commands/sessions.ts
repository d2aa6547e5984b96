/** `show sess`, `shutdown session` and `shutdown sessions server`; session-lines.ts has their lines. */
import { fail, dump, type Answer, type Call, type Command } from '../command.ts';
import { findServer } from '../find.ts';
import type { StreamReport } from '../../model/stream-facts.ts';
import { hiderOf } from './anonymity.ts';
import { detail, expiresIn, ownDetail, ownLine, shortLine } from './session-lines.ts';
import type { AdminRuntime } from '../runtime.ts';
import { parseDelay } from '../units.ts';
import { withServer } from './server-state.ts';

const USAGE = `Usage: show sess [<id> | all | help] [<options>*]
Shows the streams that are served now (once called sessions):
   <id>         only that stream (0x...), in detail
   all          every stream that matches, in detail
   help         this text
   susp         only streams that look suspicious: nothing would ever end their wait
Options:
   show-uri     with the URI of the request
   older <age>  only streams older than <age> seconds; said first, in detail
   server <b/s> only streams of that server
   backend <b>  only streams of that backend
   frontend <f> only streams of that frontend
Without a word: every stream, one line each.`;

interface Wanted {
  id?: number;
  all: boolean;
  showUri: boolean;
  olderMs: number;
  suspicious: boolean;
  place?: { readonly kind: 'server' | 'backend' | 'frontend'; readonly row: number };
}

/** What a command asks for, or what is wrong with it. */
function wantedStreams({ args, runtime }: Call): Wanted | string {
  const wanted: Wanted = { all: false, showUri: false, olderMs: 0, suspicious: false };
  let at = 2;
  const first = args.at(at);
  if (first === 'older') wanted.all = true;
  if (first === 'all') {
    wanted.all = true;
    at++;
  } else if (/^(0x[0-9a-f]+|\d+)$/i.test(first)) {
    wanted.id = Number(first);
    at++;
  }
  for (; args.at(at) !== ''; at++) {
    const word = args.at(at);
    if (word === 'show-uri') wanted.showUri = true;
    else if (word === 'susp') wanted.suspicious = true;
    else if (word === 'older') {
      const ms = ageOf(args.at(++at));
      if (typeof ms === 'string') return ms;
      wanted.olderMs = ms;
    } else if (word === 'server' || word === 'backend' || word === 'frontend') {
      if (wanted.place !== undefined) return 'Only one of backend, frontend or server may be set.';
      const row = rowOf(runtime, word, args.at(++at));
      if (typeof row === 'string') return row;
      wanted.place = { kind: word, row };
    } else return `Unsupported option '${word}', try 'help' for more info.`;
  }
  return wanted;
}

function ageOf(text: string): number | string {
  if (text === '') return 'Expects a minimum age (in seconds by default).';
  return parseDelay(text, 's') ?? 'Invalid age.';
}

function rowOf(
  runtime: AdminRuntime,
  kind: 'server' | 'backend' | 'frontend',
  name: string,
): number | string {
  if (kind === 'server') {
    if (name === '') return 'Missing server name (<backend>/<server>).';
    const server = findServer(runtime, name);
    return 'wrong' in server ? server.wrong.text : server.found.row;
  }
  if (name === '') return `Missing ${kind} name.`;
  const row = runtime.directory[kind](name);
  return row < 0 ? `No such ${kind}.` : row;
}

function matches(stream: StreamReport, { id, olderMs, place, suspicious }: Wanted): boolean {
  if (suspicious && expiresIn(stream) !== undefined) return false;
  if (id !== undefined && stream.id !== id) return false;
  if (stream.ageMs < olderMs) return false;
  return place === undefined || stream[place.kind] === place.row;
}

async function showSessions(call: Call): Promise<Answer> {
  const { args, runtime } = call;
  if (args.at(2) === 'help') return fail(USAGE);
  const wanted = wantedStreams(call);
  if (typeof wanted === 'string') return fail(wanted);
  const streams = (await runtime.streams.all()).filter(stream => matches(stream, wanted));
  if (wanted.id !== undefined && streams.length === 0) return dump(['Session not found.\n']);
  const hide = hiderOf(call.session);
  const inDetail = wanted.all || wanted.id !== undefined;
  const line = inDetail ? detail : shortLine;
  const lines = streams.map(stream => line(stream, runtime, hide, wanted.showUri));
  if (wanted.id !== undefined || wanted.place !== undefined) return dump(lines);
  // this session is neither old nor suspicious
  if (wanted.olderMs > 0 || wanted.suspicious) return dump(lines);
  return dump([...lines, inDetail ? ownDetail(call) : ownLine(call)]);
}

async function shutdownSession({ args, runtime }: Call): Promise<Answer> {
  const id = Number(args.at(2) || 0);
  if (!(id > 0)) return fail(`Session pointer expected (use 'show sess').`);
  return (await runtime.streams.kill(id)) ? undefined : fail(`No such session (use 'show sess').`);
}

export const SESSION_COMMANDS: readonly Command[] = [
  {
    words: 'show sess',
    args: '[help|<id>|all] [opts...]',
    summary: 'streams that are served now',
    level: 'operator',
    run: showSessions,
  },
  { words: 'shutdown session', args: '[id]', summary: 'ends a stream', level: 'admin', run: shutdownSession },
  {
    words: 'shutdown sessions server',
    args: '<bk>/<srv>',
    summary: 'ends the streams of a server',
    level: 'admin',
    run: withServer(async ({ row }, { runtime }) => {
      await runtime.streams.killOnServer(row);
      return undefined;
    }, 3),
  },
];
