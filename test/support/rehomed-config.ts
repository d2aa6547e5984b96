/**
 * A configuration of a far-away network brought home: every bind gets a free port of 127.0.0.1 and every server an
 * origin of its own, so that it can serve here. The global section and what needs files of its host go, and `redir`:
 * whether a server is asked at all would depend on whose turn it is.
 */
import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { startRawOrigin } from './origin.ts';

export interface RehomedConfig {
  readonly text: string;
  /** By name of the frontend or listen section: port of its first bind, and whether it expects the PROXY protocol. */
  readonly frontends: ReadonlyMap<string, { readonly port: number; readonly acceptProxy: boolean }>;
  /** What origins have got, in order of arrival; without health checks. */
  readonly arrivals: Arrival[];
}

interface Arrival {
  readonly backend: string;
  readonly server: string;
  readonly bytes: string;
}

/** Traffic carries this header; what comes without it is a check. */
export const PROBE = 'X-Probe: 1';

/** Whether a busy machine answers checks in time is not what this is about. */
const UNCHECKED = /^(\s*(?:server|default-server)\b.*) check\b/;
const PLAIN_BIND = /^\s*bind\b(?!.*accept-proxy).*$/;
const DROPPED = /^\s*(errorfile|errorloc|stats socket|log|demo-servers)\b/;

/** `proxied`: every bind expects the PROXY protocol, so that clients can come from anywhere. */
export async function rehome(t: TestContext, text: string, proxied = false): Promise<RehomedConfig> {
  const frontends = new Map<string, { port: number; acceptProxy: boolean }>();
  const arrivals: Arrival[] = [];
  const lines = ['global', '  nbthread 1', ''];
  let section = '';
  let name = '';
  for (const line of text.split('\n')) {
    const opener = /^(global|defaults|frontend|backend|listen)\b\s*(\S*)/.exec(line);
    if (opener !== null) [, section = '', name = ''] = opener;
    if (section === 'global' || DROPPED.test(line)) continue;
    const put = proxied ? line.replace(PLAIN_BIND, '$& accept-proxy') : line;
    lines.push(await rehomeLine(t, put.replace(UNCHECKED, '$1'), name, frontends, arrivals));
  }
  return { text: `${lines.join('\n')}\n`, frontends, arrivals };
}

async function rehomeLine(
  t: TestContext,
  line: string,
  name: string,
  frontends: Map<string, { port: number; acceptProxy: boolean }>,
  arrivals: Arrival[],
): Promise<string> {
  const bind = /^(\s*bind\s+)\S+(.*)$/.exec(line);
  if (bind !== null) {
    const port = await freePort();
    if (!frontends.has(name)) frontends.set(name, { port, acceptProxy: line.includes('accept-proxy') });
    return `${bind[1]}127.0.0.1:${port}${bind[2]}`;
  }
  const server = /^(\s*server\s+(\S+)\s+)\S+(.*)$/.exec(line);
  if (server === null) return line;
  const address = await startRecorder(t, name, server[2] ?? '', arrivals);
  return `${server[1]}${address}${(server[3] ?? '').replace(/ (addr|port|redir) \S+/g, '')}`;
}

/** Answers 200 to whatever it gets. */
async function startRecorder(
  t: TestContext,
  backend: string,
  server: string,
  arrivals: Arrival[],
): Promise<string> {
  const origin = await startRawOrigin(t, socket => {
    let bytes = '';
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1');
      if (!isWhole(bytes)) return;
      if (bytes.includes(PROBE)) arrivals.push({ backend, server, bytes });
      bytes = '';
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    socket.on('end', () => socket.end());
  });
  return origin.address;
}

/** A header of the PROXY protocol, version 2, has an empty line in it too. */
function isWhole(bytes: string): boolean {
  const start = bytes.indexOf(' HTTP/1.');
  if (start < 0) return false;
  const end = bytes.indexOf('\r\n\r\n', start);
  const length = Number(/^content-length: (\d+)/im.exec(bytes)?.[1] ?? 0);
  return end >= 0 && bytes.length >= end + 4 + length;
}
