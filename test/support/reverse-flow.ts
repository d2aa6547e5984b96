/** Two balancers for tests of reverse HTTP: an edge that clients ask, and devices that connect to it to serve what they ask for. */
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { startBalancer, type Balancer } from './balancer.ts';
import { freePorts } from './free-port.ts';
import { until } from './until.ts';

export interface Edge {
  readonly balancer: Balancer;
  /** Where clients ask, and where devices connect to. */
  readonly publicPort: number;
  readonly privatePort: number;
}

interface Start {
  /** A master starts it, which reloads. */
  readonly isMaster?: boolean;
}

export interface EdgeLines extends Start {
  readonly global?: string;
  readonly frontend?: string;
  /** Options of the private `bind` line, and its rules. */
  readonly bind?: string;
  readonly rules?: string;
  /** Options of the server. */
  readonly server?: string;
  readonly backend?: string;
}

const COMMON = `defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
`;

export async function startEdge(t: TestContext, lines: EdgeLines = {}): Promise<Edge> {
  const [publicPort = 0, privatePort = 0] = await freePorts(2);
  const balancer = await startBalancer(
    t,
    `global
  expose-experimental-directives
  nbthread 3
  ${lines.global ?? ''}
${COMMON}
frontend public
  bind 127.0.0.1:${publicPort}
  ${lines.frontend ?? ''}
  default_backend devices
frontend private
  bind 127.0.0.1:${privatePort} ${lines.bind ?? 'proto h2'}
  ${lines.rules ?? 'tcp-request session attach-srv devices/any'}
backend devices
  ${lines.backend ?? ''}
  server any rhttp@ ${lines.server ?? ''}
`,
    optionsOf(lines),
  );
  return { balancer, publicPort, privatePort };
}

export interface DeviceLines extends Start {
  readonly global?: string;
  readonly bind?: string;
  readonly frontend?: string;
  readonly server?: string;
  /** In place of an answer that names it. */
  readonly answer?: string;
}

export async function startDevice(
  t: TestContext,
  name: string,
  port: number,
  lines: DeviceLines = {},
): Promise<Balancer> {
  const answer = `http-request return status 200 content-type text/plain string ${name}`;
  return startBalancer(
    t,
    `global
  expose-experimental-directives
  nbthread 2
  ${lines.global ?? ''}
${COMMON}
frontend device
  bind rhttp@edge/private ${lines.bind ?? ''}
  ${lines.frontend ?? ''}
  ${lines.answer ?? answer}
backend edge
  server private 127.0.0.1:${port} ${lines.server ?? 'proto h2'}
`,
    optionsOf(lines),
  );
}

function optionsOf({ isMaster }: Start): { readonly args?: readonly string[] } {
  return isMaster === true ? { args: ['-W'] } : {};
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export async function askFor(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: Buffer,
): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST';
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString('latin1') };
}

/** A device has been attached. */
export async function served(port: number, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  await until('a device that serves', async () => (await askFor(port, '/', headers)).status === 200);
}
