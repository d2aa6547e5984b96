/**
 * A configuration of a far-away network brought home: every bind gets a free port of 127.0.0.1 and every server an
 * origin of its own, so that it can serve here. The global section and what needs files of its host go, and `redir`:
 * whether a server is asked at all would depend on whose turn it is.
 */
import type { TestContext } from 'node:test';
import { freePort } from './free-port.ts';
import { startRawOrigin } from './origin.ts';

/** Ports of a frontend or listen section. */
interface Place {
  /** That of its first bind, and whether that expects the PROXY protocol. */
  readonly port: number;
  readonly acceptProxy: boolean;
  /** One that expects it, where clients can come from anywhere. */
  readonly proxiedPort: number;
}

export interface RehomedConfig {
  readonly text: string;
  readonly frontends: ReadonlyMap<string, Place>;
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
const DROPPED = /^\s*(errorfile|errorloc|stats socket|log|demo-servers)\b/;

export async function rehome(t: TestContext, text: string): Promise<RehomedConfig> {
  const frontends = new Map<string, Place>();
  const arrivals: Arrival[] = [];
  const lines = ['global', '  nbthread 1', ''];
  let section = '';
  let name = '';
  for (const line of text.split('\n')) {
    const opener = /^(global|defaults|frontend|backend|listen)\b\s*(\S*)/.exec(line);
    if (opener !== null) [, section = '', name = ''] = opener;
    if (section === 'global' || DROPPED.test(line)) continue;
    lines.push(await rehomeLine(t, line.replace(UNCHECKED, '$1'), name, frontends, arrivals));
  }
  return { text: `${lines.join('\n')}\n`, frontends, arrivals };
}

async function rehomeLine(
  t: TestContext,
  line: string,
  name: string,
  frontends: Map<string, Place>,
  arrivals: Arrival[],
): Promise<string> {
  const bind = /^(\s*bind\s+)\S+(.*)$/.exec(line);
  if (bind !== null) return rehomeBind(bind[1] ?? '', bind[2] ?? '', name, frontends);
  const server = /^(\s*server\s+(\S+)\s+)\S+(.*)$/.exec(line);
  if (server === null) return line;
  const address = await startRecorder(t, name, server[2] ?? '', arrivals);
  return `${server[1]}${address}${(server[3] ?? '').replace(/ (addr|port|redir) \S+/g, '')}`;
}

/** The first one gets another one beside it that expects the PROXY protocol, unless it does so itself. */
async function rehomeBind(
  before: string,
  behind: string,
  name: string,
  frontends: Map<string, Place>,
): Promise<string> {
  const port = await freePort();
  const bind = `${before}127.0.0.1:${port}${behind}`;
  if (frontends.has(name)) return bind;
  const acceptProxy = behind.includes('accept-proxy');
  const proxiedPort = acceptProxy ? port : await freePort();
  frontends.set(name, { port, acceptProxy, proxiedPort });
  return acceptProxy ? bind : `${bind}\n${before}127.0.0.1:${proxiedPort}${behind} accept-proxy`;
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
