/** A balancer whose frontend runs a Lua script: the rest of its answer is up to its rules. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startBalancer, type Balancer } from './balancer.ts';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Scripted {
  readonly port: number;
  readonly balancer: Balancer;
  readonly get: (path: string, options?: GetOptions) => Promise<Answered>;
}

interface GetOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface ScriptedOptions {
  readonly script: string;
  /** Lines of the frontend. */
  readonly rules: readonly string[];
  readonly global?: readonly string[];
  /** Further sections. */
  readonly sections?: readonly string[];
  readonly mode?: 'http' | 'tcp';
  /** Run haproxy instead of lb. */
  readonly program?: string;
}

const DEADLINE_MS = 60_000;

export async function startScripted(t: TestContext, options: ScriptedOptions): Promise<Scripted> {
  const file = join(temporaryFolder(t), 'script.lua');
  writeFileSync(file, options.script);
  const port = await freePort();
  const { program } = options;
  const isOther = program !== undefined;
  const config = [
    'global',
    '  nbthread 1',
    ...(isOther ? [] : ['  tune.lua.bool-sample-conversion pre-3.1-bug']),
    ...(options.global ?? []).map(line => `  ${line}`),
    `  lua-load ${file}`,
    'defaults',
    `  mode ${options.mode ?? 'http'}`,
    '  timeout client 10s',
    '  timeout server 10s',
    '  timeout connect 10s',
    'frontend web',
    `  bind 127.0.0.1:${port}`,
    ...options.rules.map(line => `  ${line}`),
    ...(options.sections ?? []),
    '',
  ].join('\n');
  const balancer = await startBalancer(t, config, isOther ? { program } : {});
  return { port, balancer, get: (path, how = {}) => ask(port, path, how) };
}

async function ask(
  port: number,
  path: string,
  { method = 'GET', headers, body }: GetOptions,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const asked = request({
      port,
      host: '127.0.0.1',
      path,
      method,
      headers: { ...headers },
      agent: false,
      signal,
    });
    asked.on('error', reject);
    asked.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, statusMessage = '' } = response;
        const text = Buffer.concat(chunks).toString('latin1');
        resolve({ status: statusCode, reason: statusMessage, headers: response.headers, body: text });
      });
    });
    asked.end(body);
  });
}
