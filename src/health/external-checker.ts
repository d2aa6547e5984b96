/**
 * `option external-check`: a program decides (manual, `external-check command`). It gets addresses as arguments and
 * more in its environment; its exit status is the verdict.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Address } from '../model/address.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Checker, CheckListener, RunningCheck } from './checker.ts';
import type { LifeServer } from './life-server.ts';
import type { ServerLife } from './server-life.ts';
import type { CheckFinding } from './status.ts';

const NOT_USED = 'NOT_USED';
const DEFAULT_PATH = '';

interface ExternalSetting {
  readonly server: LifeServer;
  readonly life: ServerLife;
  readonly command: string;
  readonly path: string | undefined;
  /** `external-check preserve-env`: the program's own environment is handed on. */
  readonly preserveEnvironment: boolean;
  /** Where the server is now. */
  readonly address: () => Address;
}

export function externalChecker(setting: ExternalSetting): Checker {
  return listener => new ExternalCheck(setting, listener).start();
}

/** As a process ends that could not become the program. */
const NOT_STARTED = 255;
/** A check that took too long has so much time to tidy up. */
const PATIENCE_MS = 3000;

class ExternalCheck implements RunningCheck {
  readonly #setting: ExternalSetting;
  readonly #listener: CheckListener;
  #child: ChildProcess | undefined;
  #over = false;

  constructor(setting: ExternalSetting, listener: CheckListener) {
    this.#setting = setting;
    this.#listener = listener;
  }

  start(): this {
    const { command } = this.#setting;
    const child = spawn(command, argumentsOf(this.#setting), {
      env: environmentOf(this.#setting),
      stdio: 'ignore',
    });
    this.#child = child;
    child.once('error', error => this.#found({ status: 'PROCERR', code: NOT_STARTED, info: error.message }));
    child.once('exit', code =>
      this.#found(code === 0 ? { status: 'PROCOK', code: 0 } : { status: 'PROCERR', code: code ?? -1 }),
    );
    return this;
  }

  #found(finding: CheckFinding): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onFound(finding);
  }

  expire(): CheckFinding {
    this.cancel();
    return { status: 'PROCTOUT' };
  }

  /** One that does not end of SIGTERM would stay for good, and the next ones beside it. */
  cancel(): void {
    this.#over = true;
    const child = this.#child;
    if (child?.kill('SIGTERM') !== true) return;
    const last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref();
    child.once('exit', () => clearTimeout(last));
  }
}

type Place = readonly [address: string, port: string];

function argumentsOf({ server, address }: ExternalSetting): string[] {
  return [...listenerPlace(server.proxy), ...placeOf(address())];
}

/** The first address it listens on: there is none in a backend. */
function listenerPlace({ binds }: Proxy): Place {
  const first = binds.find(({ address }) => ['ip', 'unix', 'abstract'].includes(address.kind));
  return first === undefined ? [NOT_USED, NOT_USED] : placeOf(first.address);
}

function placeOf(address: Address): Place {
  if (address.kind === 'ip' || address.kind === 'name') return [address.host, String(address.port)];
  if (address.kind === 'unix') return [address.path, NOT_USED];
  return [address.kind === 'abstract' ? address.name : '', NOT_USED];
}

/** Arguments have a word for what there is none of, variables are empty (manual, `external-check command`). */
function orEmpty(place: string): string {
  return place === NOT_USED ? '' : place;
}

function environmentOf(setting: ExternalSetting): Record<string, string> {
  const { server, life, path, preserveEnvironment, address } = setting;
  const { proxy, config, row } = server;
  const { servers } = life.effects;
  const [proxyAddress, proxyPort] = listenerPlace(proxy);
  const [serverAddress, serverPort] = placeOf(address());
  return {
    ...(preserveEnvironment && (process.env as Record<string, string>)),
    PATH: path ?? DEFAULT_PATH,
    HAPROXY_PROXY_NAME: proxy.name,
    HAPROXY_PROXY_ID: String(proxy.id),
    HAPROXY_PROXY_ADDR: orEmpty(proxyAddress),
    HAPROXY_PROXY_PORT: orEmpty(proxyPort),
    HAPROXY_SERVER_NAME: config.name,
    HAPROXY_SERVER_ID: String(config.id),
    HAPROXY_SERVER_ADDR: orEmpty(serverAddress),
    HAPROXY_SERVER_PORT: orEmpty(serverPort),
    HAPROXY_SERVER_MAXCONN: String(servers.maxconn(row)),
    HAPROXY_SERVER_CURCONN: String(servers.served(row)),
    HAPROXY_SERVER_SSL: config.ssl === undefined ? '0' : '1',
    HAPROXY_SERVER_PROTO: proxy.mode === 'http' ? (config.proto ?? 'h1') : proxy.mode,
  };
}
