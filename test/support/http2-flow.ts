/** A balancer in front of a server, or several, for tests of HTTP/2, and a server that tells what it was asked. */
import type { ClientHttp2Session } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { startBalancer, type Balancer } from './balancer.ts';
import { freePort } from './free-port.ts';
import { openHttp2 } from './http2-client.ts';
import type { Origin } from './origin.ts';

interface Flow {
  readonly port: number;
  readonly balancer: Balancer;
}

export interface Lines {
  readonly global?: string;
  readonly defaults?: string;
  readonly bind?: string;
  readonly frontend?: string;
  readonly backend?: string;
  readonly sections?: string;
  /** What to start instead. */
  readonly program?: string;
}

type Servers = Origin | string | readonly string[];

/** One is called s, several s0, s1, … */
function serverLines(servers: Servers): string {
  if (typeof servers === 'string') return `  server s ${servers}`;
  if ('address' in servers) return `  server s ${servers.address}`;
  return servers.map((server, index) => `  server s${index} ${server}`).join('\n');
}

/** `servers`: one, or what follows their names on their lines. */
export async function start(t: TestContext, servers: Servers, lines: Lines = {}): Promise<Flow> {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `
global
  nbthread 1
  ${lines.global ?? ''}
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  ${lines.defaults ?? ''}
frontend f
  bind 127.0.0.1:${port} ${lines.bind ?? ''}
  ${lines.frontend ?? ''}
  default_backend b
backend b
  ${lines.backend ?? ''}
${serverLines(servers)}
${lines.sections ?? ''}
`,
    lines.program === undefined ? {} : { program: lines.program },
  );
  return { port, balancer };
}

export async function startAndOpen(
  t: TestContext,
  origin: Origin,
  lines: Lines = {},
): Promise<Flow & { readonly client: ClientHttp2Session }> {
  const flow = await start(t, origin, lines);
  return { ...flow, client: await openHttp2(t, flow.port) };
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Tells what it has got. */
async function tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  const { method, url, httpVersion, headers, trailers } = request;
  const told = { method, url, httpVersion, headers, trailers, body: body.toString('latin1') };
  response.end(JSON.stringify(told));
}

export function tells(request: IncomingMessage, response: ServerResponse): void {
  void tell(request, response);
}

export interface Told {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly body: string;
}
