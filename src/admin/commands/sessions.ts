/**
 * `show sess`, `shutdown session` and `shutdown sessions server`. Fields about machinery this runtime does not have
 * (flags of buffers and tasks, calls, their times) stand as zeros, so that lines keep the form tools know.
 */
import { fail, dump, type Answer, type Call, type Command } from '../command.ts';
import { findServer } from '../find.ts';
import type { StreamReport } from '../../model/stream-facts.ts';
import { hiderOf, type Hider } from './anonymity.ts';
import type { AdminRuntime } from '../runtime.ts';
import { parseDelay } from '../units.ts';
import { withServer } from './server-state.ts';

const USAGE = `Usage: show sess [<id> | all | help] [<options>*]
Shows the streams that are served now (once called sessions):
   <id>         only that stream (0x...), in detail
   all          every stream that matches, in detail
   help         this text
   susp         only streams that look suspicious
Options:
   show-uri     with the URI of the request
   older <age>  only streams older than <age> seconds
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
  if (suspicious) return false;
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
  const lines = streams.map(stream =>
    inDetail ? detail(stream, runtime, hide) : shortLine(stream, runtime, hide, wanted.showUri),
  );
  if (wanted.id !== undefined || wanted.place !== undefined) return dump(lines);
  // this session is neither old nor suspicious
  if (wanted.olderMs > 0 || wanted.suspicious) return dump(lines);
  return dump([...lines, inDetail ? ownDetail(call) : ownLine(call)]);
}

function streamName(id: number): string {
  return `0x${id.toString(16)}`;
}

function names(
  { frontend, backend, server }: StreamReport,
  { directory }: AdminRuntime,
  hide: Hider,
): [string, string, string] {
  const proxyName = (row: number | undefined): string =>
    row === undefined ? '<NONE>' : hide.name(directory.proxies[row]?.name ?? '<NONE>');
  const serverName = server === undefined ? undefined : directory.at(server)?.config.name;
  return [
    proxyName(frontend),
    proxyName(backend),
    serverName === undefined ? '<none>' : hide.name(serverName),
  ];
}

function sourceOf({ source, listener }: StreamReport, hide: Hider): string {
  return source === '' ? `unix:${listener}` : hide.endpoint(source);
}

/** As HAProxy counts the states of a stream's server side. */
const SERVER_STATES = { R: 0, Q: 2, C: 5, H: 8, D: 8 } as const;

function shortLine(stream: StreamReport, runtime: AdminRuntime, hide: Hider, showUri: boolean): string {
  const [frontend, backend, server] = names(stream, runtime, hide);
  const source = sourceOf(stream, hide);
  const uri = showUri && stream.uri !== '' ? ` uri="${stream.method} ${hide.name(stream.uri)}"` : '';
  return (
    `${streamName(stream.id)}: proto=${stream.protocol} src=${source} fe=${frontend} be=${backend} srv=${server} ` +
    `ts=00 epoch=0 age=${humanTime(stream.ageMs)} calls=0 rate=0 cpu=0 lat=0 ` +
    `rq[f=000000h,i=0,an=00h,ax=] rp[f=000000h,i=0,an=00h,ax=] ` +
    `scf=[8,0h,fd=${stream.clientFd},rex=,wex=] ` +
    `scb=[${SERVER_STATES[stream.phase]},0h,fd=${stream.serverFd},rex=,wex=] ` +
    `exp= rc=${stream.retries} c_exp=${uri}\n`
  );
}

/** The connection that asks is a session too. */
function ownLine({ session }: Call): string {
  return (
    `0x1: proto=${session.protocol} src=${hiderOf(session).endpoint(session.source)} fe=GLOBAL be=<NONE> srv=<none> ` +
    `ts=02 epoch=0 age=${humanTime(Date.now() - session.startMs)} calls=0 rate=0 cpu=0 lat=0 ` +
    `rq[f=000000h,i=0,an=00h,ax=] rp[f=000000h,i=0,an=00h,ax=] ` +
    `scf=[8,0h,fd=-1,rex=,wex=] scb=[8,0h,fd=-1,rex=,wex=] exp= rc=0 c_exp=\n`
  );
}

function ownDetail({ session }: Call): string {
  return (
    `0x1: [${logDate(session.startMs)}] id=0 proto=${session.protocol} source=${hiderOf(session).endpoint(session.source)}\n` +
    `  frontend=GLOBAL (id=0 mode=cli), listener=? (id=1)\n` +
    `  backend=<NONE> (id=-1 mode=-)\n` +
    `  server=<NONE> (id=-1)\n`
  );
}

const PHASES = { R: 'request', Q: 'queue', C: 'connecting', H: 'response', D: 'data' } as const;

function detail(stream: StreamReport, runtime: AdminRuntime, hide: Hider): string {
  const { directory } = runtime;
  const [frontend, backend, server] = names(stream, runtime, hide);
  const front = directory.proxies[stream.frontend];
  const back = stream.backend === undefined ? undefined : directory.proxies[stream.backend];
  const known = stream.server === undefined ? undefined : directory.at(stream.server);
  const backendText =
    back === undefined
      ? '  backend=<NONE> (id=-1 mode=-)\n'
      : `  backend=${backend} (id=${back.id} mode=${back.mode}) addr=${hide.endpoint(stream.localAddress) || '?'}\n`;
  const serverText =
    known === undefined
      ? '  server=<NONE> (id=-1)\n'
      : `  server=${server} (id=${known.config.id}) addr=${hide.endpoint(stream.serverAddress) || '?'}\n`;
  return (
    `${streamName(stream.id)}: [${logDate(stream.acceptedMs)}] id=${stream.id} proto=${stream.protocol} ` +
    `source=${sourceOf(stream, hide)}\n` +
    `  flags=0x0, conn_retries=${stream.retries}, conn_exp=<NEVER> conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0\n` +
    `  frontend=${frontend} (id=${front?.id} mode=${front?.mode}), listener=? (id=${stream.listener}) addr=${hide.endpoint(stream.destination) || '?'}\n` +
    backendText +
    serverText +
    `  task=${streamName(stream.id)} (state=0x00 nice=0 calls=0 rate=0 exp=<NEVER> tid=${stream.thread} age=${humanTime(stream.ageMs)})\n` +
    (stream.isHttp
      ? `  txn=${streamName(stream.id)} flags=0x0 meth=${stream.method || '-'} status=${stream.status || -1} ` +
        `phase=${PHASES[stream.phase]} uri=${stream.uri === '' ? '-' : `"${hide.name(stream.uri)}"`}\n`
      : `  txn=(nil) phase=${PHASES[stream.phase]}\n`) +
    `  scf=client state=EST fd=${stream.clientFd}\n` +
    `  scb=server state=${SERVER_STATES[stream.phase]} fd=${stream.serverFd}\n` +
    `  req=bytes ${stream.bytesIn}\n` +
    `  res=bytes ${stream.bytesOut}\n`
  );
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** `5s`, `1m3s`, `2h5m`: the largest unit and the next one. */
export function humanTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0s';
  const [unit, size] = UNITS[first] as (typeof UNITS)[number];
  const text = `${Math.floor(seconds / size)}${unit}`;
  const next = UNITS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[1]);
  return next === undefined || rest === 0 ? text : `${text}${rest}${next[0]}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21/Nov/2026:08:05:00.123456`, local time. */
export function logDate(ms: number, digits = 6): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const fraction = String(date.getMilliseconds()).padStart(3, '0').padEnd(digits, '0');
  return (
    `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}:` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`
  );
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
