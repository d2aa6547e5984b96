/** A balancer with an admin socket: frontend `web`, which sends everything to backend `app`. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ask } from './admin-client.ts';
import { startBalancer, type Balancer } from './balancer.ts';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface AdminBalancer {
  readonly balancer: Balancer;
  /** Of the admin socket. */
  readonly path: string;
  /** The frontend's port. */
  readonly web: number;
  /** One line, the whole answer. */
  readonly tell: (line: string) => Promise<string>;
}

interface Wanted {
  /** Lines of the global section, and of backend `app`. */
  readonly globals?: string;
  readonly app: string;
  /** Of the defaults section. */
  readonly defaults?: string;
  /** Behind the address of the admin socket. */
  readonly socket?: string;
  /** That accept when it is up, besides the frontend's. */
  readonly ports?: readonly number[];
  /** Run haproxy instead of lb. */
  readonly program?: string | undefined;
}

export async function startAdminBalancer(t: TestContext, wanted: Wanted): Promise<AdminBalancer> {
  const { globals = '', defaults = '', app, socket = 'level admin', ports = [], program } = wanted;
  const path = join(temporaryFolder(t), 'admin.sock');
  const web = await freePort();
  const config = `global
  nbthread 2
  stats socket ${path} ${socket}
${globals}
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
${defaults}
frontend web
  bind 127.0.0.1:${web}
  default_backend app
backend app
${app}
`;
  const balancer = await startBalancer(t, config, {
    ports: [web, ...ports],
    ...(program !== undefined && { program }),
  });
  return { balancer, path, web, tell: line => ask(path, line) };
}
