/**
 * The lines of `show sess` (management guide, section 9.3). Fields about machinery this runtime does not have (flags of
 * buffers and tasks, calls, their times) stand as zeros, so that lines keep the form tools know.
 */
import type { StreamEnd, StreamReport } from '../../model/stream-facts.ts';
import type { Call } from '../command.ts';
import type { AdminRuntime } from '../runtime.ts';
import { hiderOf, type Hider } from './anonymity.ts';

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

/** States of a stream's side, by HAProxy's numbers and names. */
const CLIENT_STATE = 8;
const SERVER_STATES = { R: 0, Q: 2, C: 5, H: 8, D: 8 } as const;
const STATE_NAMES: Readonly<Record<number, string>> = { 0: 'INI', 2: 'QUE', 5: 'CON', 8: 'EST' };

/** Milliseconds until the first of its waits ends; undefined: none does. */
export function expiresIn({ expiry }: StreamReport): number | undefined {
  const { client, server, request, response, connect } = expiry;
  const waits = [client, server, request, response, connect].filter(wait => wait !== undefined);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** `otherwise`: nothing is waited for. */
function waitText(ms: number | undefined, otherwise: string): string {
  return ms === undefined ? otherwise : humanTime(ms);
}

const NEVER = '<NEVER>';

/** A client that is sent a response is given time to take it, others to go on. */
function clientWaits({ expiry, isHttp, phase }: StreamReport): {
  readonly rex?: number;
  readonly wex?: number;
} {
  const { client } = expiry;
  if (client === undefined) return {};
  return isHttp && phase === 'D' ? { wex: client } : { rex: client };
}

export function shortLine(
  stream: StreamReport,
  runtime: AdminRuntime,
  hide: Hider,
  showUri: boolean,
): string {
  const [frontend, backend, server] = names(stream, runtime, hide);
  const { expiry, client, serverEnd } = stream;
  const { rex, wex } = clientWaits(stream);
  const uri = showUri && stream.uri !== '' ? ` uri="${stream.method} ${hide.name(stream.uri)}"` : '';
  return (
    `${streamName(stream.id)}: proto=${stream.protocol} src=${sourceOf(stream, hide)} fe=${frontend} be=${backend} srv=${server} ` +
    `ts=00 epoch=0 age=${humanTime(stream.ageMs)} calls=0 rate=0 cpu=0 lat=0 ` +
    `rq[f=000000h,i=0,an=00h,ax=${waitText(expiry.request, '')}] ` +
    `rp[f=000000h,i=0,an=00h,ax=${waitText(expiry.response, '')}] ` +
    `scf=[${CLIENT_STATE},0h,fd=${client.fd},rex=${waitText(rex, '')},wex=${waitText(wex, '')}] ` +
    `scb=[${SERVER_STATES[stream.phase]},0h,fd=${serverEnd.fd},rex=${waitText(expiry.server, '')},wex=] ` +
    `exp=${waitText(expiresIn(stream), '')} rc=${stream.retries} c_exp=${waitText(expiry.connect, '')}${uri}\n`
  );
}

/** The connection that asks is a session too. */
export function ownLine({ session }: Call): string {
  return (
    `0x1: proto=${session.protocol} src=${hiderOf(session).endpoint(session.source)} fe=GLOBAL be=<NONE> srv=<none> ` +
    `ts=02 epoch=0 age=${humanTime(Date.now() - session.startMs)} calls=0 rate=0 cpu=0 lat=0 ` +
    `rq[f=000000h,i=0,an=00h,ax=] rp[f=000000h,i=0,an=00h,ax=] ` +
    `scf=[8,0h,fd=-1,rex=,wex=] scb=[8,0h,fd=-1,rex=,wex=] exp= rc=0 c_exp=\n`
  );
}

export function ownDetail({ session }: Call): string {
  return (
    `0x1: [${logDate(session.startMs)}] id=0 proto=${session.protocol} source=${hiderOf(session).endpoint(session.source)}\n` +
    `  frontend=GLOBAL (id=0 mode=cli), listener=? (id=1)\n` +
    `  backend=<NONE> (id=-1 mode=-)\n` +
    `  server=<NONE> (id=-1)\n`
  );
}

export function detail(stream: StreamReport, runtime: AdminRuntime, hide: Hider, showUri: boolean): string {
  const { expiry } = stream;
  const uri = showUri && stream.uri !== '' ? ` uri="${stream.method} ${hide.name(stream.uri)}"` : '';
  return (
    `${streamName(stream.id)}: [${logDate(stream.acceptedMs)}] id=${stream.id} proto=${stream.protocol} ` +
    `source=${sourceOf(stream, hide)}\n` +
    `  flags=0x0, conn_retries=${stream.retries}, conn_exp=${waitText(expiry.connect, NEVER)} conn_et=0x000 srv_conn=(nil), pend_pos=(nil) waiting=0 epoch=0\n` +
    placeLines(stream, runtime, hide) +
    `  task=${streamName(stream.id)} (state=0x00 nice=0 calls=0 rate=0 exp=${waitText(expiresIn(stream), NEVER)} ` +
    `tid=${stream.thread - 1}(1/${stream.thread - 1}) age=${humanTime(stream.ageMs)})\n` +
    (stream.isHttp ? `${exchangeLine(stream)}${uri}\n` : '') +
    sideLines(stream, 'scf') +
    sideLines(stream, 'scb') +
    channelLines('req', expiry.request) +
    channelLines('res', expiry.response)
  );
}

/** Where it came in, and where it goes. */
function placeLines(stream: StreamReport, runtime: AdminRuntime, hide: Hider): string {
  const { directory } = runtime;
  const [frontend, backend, server] = names(stream, runtime, hide);
  const front = directory.proxies[stream.frontend];
  const back = stream.backend === undefined ? undefined : directory.proxies[stream.backend];
  const serverId = stream.server === undefined ? 0 : directory.at(stream.server)?.config.id;
  const isConnected = stream.serverEnd.fd >= 0;
  const ofServer = (address: string): string =>
    isConnected ? ` addr=${address === '' ? 'unix' : hide.endpoint(address)}` : '';
  const clientAddress =
    stream.destination === '' ? `unix:${stream.listener}` : hide.endpoint(stream.destination);
  const listener = `listener=${stream.listenerName ?? '?'} (id=${stream.listener})`;
  return (
    `  frontend=${frontend} (id=${front?.id} mode=${front?.mode}), ${listener} addr=${clientAddress}\n` +
    (back === undefined
      ? '  backend=<NONE> (id=-1 mode=-)\n  server=<NONE> (id=-1)\n'
      : `  backend=${backend} (id=${back.id} mode=${back.mode})${ofServer(stream.localAddress)}\n` +
        `  server=${server} (id=${serverId})${ofServer(stream.serverAddress)}\n`)
  );
}

/** By HAProxy's numbers; any other method is 8. */
const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT'];

const REQUEST_STATES = { R: 'MSG_BODY', Q: 'MSG_DATA', C: 'MSG_DATA', H: 'MSG_DONE', D: 'MSG_DONE' } as const;

function exchangeLine({ id, method, status, phase }: StreamReport): string {
  const known = METHODS.indexOf(method);
  const request = method === '' ? 'MSG_RQBEFORE' : REQUEST_STATES[phase];
  const response = phase === 'D' ? 'MSG_DATA' : 'MSG_RPBEFORE';
  return (
    `  txn=${streamName(id)} flags=0x0 meth=${known < 0 ? METHODS.length : known} status=${status || -1} ` +
    `req.st=${request} rsp.st=${response} req.f=0x00 rsp.f=0x00`
  );
}

function sideLines(stream: StreamReport, which: 'scf' | 'scb'): string {
  const isClient = which === 'scf';
  const end = isClient ? stream.client : stream.serverEnd;
  const { rex, wex } = isClient ? clientWaits(stream) : { rex: stream.expiry.server };
  const state = isClient ? CLIENT_STATE : SERVER_STATES[stream.phase];
  return (
    `  ${which}=${streamName(stream.id)} flags=0x00000000 ioto=${humanTime(end.timeoutMs)} state=${STATE_NAMES[state]} ` +
    `endp=${end.fd < 0 ? 'NONE' : 'CONN'},(nil),0x00000000 sub=0 in=${end.bytesIn} out=${end.bytesOut} ` +
    `rex=${waitText(rex, NEVER)} wex=${waitText(wex, NEVER)} rto=<NEVER> wto=<NEVER>\n` +
    (end.fd < 0 ? '' : connectionLines(stream, end, isClient))
  );
}

function connectionLines({ protocol, thread }: StreamReport, end: StreamEnd, isClient: boolean): string {
  const multiplexer = end.httpMajor === 0 ? 'PASS' : `H${end.httpMajor}`;
  const control = isClient ? protocol : 'tcpv4';
  return (
    `      ${isClient ? 'co0' : 'co1'}=(nil) ctrl=${control} xprt=${end.isTls ? 'SSL' : 'RAW'} mux=${multiplexer} ` +
    `target=${isClient ? 'LISTENER' : 'SERVER'}:(nil)\n` +
    `      flags=0x00000000 fd=${end.fd} fd.state=00 updt=0 fd.tmask=0x${(1n << BigInt(thread - 1)).toString(16)}\n`
  );
}

function channelLines(which: 'req' | 'res', wait: number | undefined): string {
  return (
    `  ${which}=(nil) (f=0x000000 an=0x0 tofwd=0)\n` +
    `      an_exp=${waitText(wait, NEVER)} buf=(nil) data=(nil) o=0 p=0 i=0 size=0\n`
  );
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** `5s`, `1m3s`, `2h5m`, `1h9s`: the two largest units that are not 0. */
export function humanTime(ms: number): string {
  let rest = Math.floor(ms / 1000);
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? '0s' : parts.join('');
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
