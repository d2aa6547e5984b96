/** HTTP_GET and SSL_GET: every url in its order, each over a connection of its own. The server's certificate is not judged. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import type { Checker, HttpUrl } from '../../model/virtual-server.ts';
import { isFound } from './body-regex.ts';
import { bad, GOOD, type Check, type CheckResult } from './check.ts';
import { connectAs } from './check-socket.ts';
import { overSocket } from './stream-checks.ts';

type Http = NonNullable<Checker['http']>;

/** A larger answer is taken as it is that far. */
const MOST_BYTES = 4 * 1024 * 1024;
/** No answer has so long a head. */
const MOST_HEAD_BYTES = 64 * 1024;

export function httpCheck(ssl: KeepalivedConfig['ssl']): Check {
  return async (checker, signal) => {
    for (const url of checker.http?.urls ?? []) {
      const result = await checkUrl(checker, checker.http as Http, url, ssl, signal);
      if (!result.ok) return result;
    }
    return GOOD;
  };
}

function checkUrl(
  checker: Checker,
  http: Http,
  url: HttpUrl,
  ssl: KeepalivedConfig['ssl'],
  signal: AbortSignal,
): Promise<CheckResult> {
  const host = url.virtualhost ?? http.virtualhost;
  // before there is a socket: files may not be there
  const options = http.tls ? tlsOptions(http, host, ssl) : undefined;
  const plain = connectAs(checker);
  const socket = options === undefined ? plain : connectTls({ socket: plain, ...options });
  return overSocket(socket, signal, settle => {
    const chunks: Buffer[] = [];
    let length = 0;
    let whole: number | undefined;
    const judge = (): void => settle(judgeAnswer(Buffer.concat(chunks), url));
    socket.once(http.tls ? 'secureConnect' : 'connect', () =>
      socket.write(request(checker, http, url, host)),
    );
    socket.on('data', data => {
      chunks.push(data);
      length += data.length;
      // a body is only counted: it may be long, and come in small pieces
      whole ??= wholeLength(chunks, length);
      if (length > MOST_BYTES || (whole !== undefined && length >= whole)) judge();
    });
    socket.once('end', judge);
  });
}

function tlsOptions(
  { enableSni, sniName }: Http,
  host: string | undefined,
  { certificate, key, password }: KeepalivedConfig['ssl'],
): ConnectionOptions {
  const name = sniName ?? host;
  return {
    rejectUnauthorized: false,
    ...(enableSni && name !== undefined ? { servername: name } : {}),
    ...(certificate === undefined ? {} : { cert: readFileSync(certificate) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
    ...(password === undefined ? {} : { passphrase: password }),
  };
}

function request(
  { connectIp, connectPort }: Checker,
  { protocol }: Http,
  { path }: HttpUrl,
  host?: string,
): string {
  const address = connectIp.includes(':') ? `[${connectIp}]` : connectIp;
  const lines = [
    `GET ${path} HTTP/${protocol === '1.1' ? '1.1' : '1.0'}`,
    'User-Agent: KeepAliveClient',
    ...(protocol === '1.0' ? [] : ['Connection: close']),
    `Host: ${host ?? `${address}:${connectPort}`}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** What the head says, Infinity where the answer ends with the connection; undefined: the head has not ended. */
function wholeLength(chunks: readonly Buffer[], length: number): number | undefined {
  const text = Buffer.concat(chunks).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return length > MOST_HEAD_BYTES ? length : undefined;
  const said = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end));
  return said === null ? Infinity : end + 4 + Number(said[1]);
}

/** Of whatever protocol the server names, as keepalived takes it: `ICY 200 OK`, `HTTP/2 200`. */
const STATUS = /^[^ \r\n]+ (\d{3})(?!\d)/;
const MOST_PROTOCOL = 64;

function judgeAnswer(answer: Buffer, url: HttpUrl): CheckResult {
  const end = answer.indexOf('\r\n\r\n');
  const status = Number(STATUS.exec(answer.toString('latin1', 0, MOST_PROTOCOL))?.[1]);
  if (end < 0 || Number.isNaN(status)) return bad(`no HTTP answer for ${url.path}`);
  if (!url.statusCodes.some(([from, to]) => status >= from && status <= to))
    return bad(`status ${status} for ${url.path}`);
  const body = answer.subarray(end + 4);
  if (url.digest !== undefined) {
    const digest = createHash('md5').update(body).digest('hex');
    if (digest !== url.digest) return bad(`digest ${digest} for ${url.path}`);
  }
  return judgeText(body, url);
}

function judgeText(body: Buffer, url: HttpUrl): CheckResult {
  if (url.regex === undefined) return GOOD;
  const matches = isFound(url, body);
  return matches !== url.regexNoMatch
    ? GOOD
    : bad(`regex ${matches ? 'matches' : 'does not match'} ${url.path}`);
}
