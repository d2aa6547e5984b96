/** Opens the admin sockets of the configuration and hands commands to the process (admin/). */
import { AdminServer, openAdminSockets, type OpenedSocket } from '../admin/admin-server.ts';
import type { Command } from '../admin/command.ts';
import { Interpreter } from '../admin/interpreter.ts';
import type { AdminRuntime, AdminSocket } from '../admin/runtime.ts';
import { COMMANDS } from '../admin/table.ts';
import type { ControlTls } from './control-tls.ts';
import { bindNow, nthAdminSocket, type OpenListening } from './listening/bind-listeners.ts';
import { parseSize } from '../config-parser/units.ts';
import type { Bind } from '../model/bind.ts';
import type { Notice } from '../model/notice.ts';
import { countAdminConnection } from '../proxy/accounts/accounting.ts';
import type { Config } from '../model/config.ts';

const DEFAULT_PAYLOAD_BYTES = 128 * 1024;

/** Undefined when one could not be bound; each was reported. */
export function bindAdminSockets(
  config: Config,
  notice: Notice,
  open: OpenListening = bindNow,
): readonly OpenedSocket[] | undefined {
  const { opened, failed } = openAdminSockets(config.global.statsSockets, (bind, index) =>
    open(bind, nthAdminSocket(index), 1),
  );
  for (const { bind, message } of failed) {
    const { file, line } = bind.position;
    notice('alert', `Binding [${file}:${line}] for frontend GLOBAL: ${message}`);
  }
  return failed.length > 0 ? undefined : opened;
}

export function serveAdminSockets(
  opened: readonly OpenedSocket[],
  runtime: AdminRuntime,
  tls: ControlTls,
  /** Of scripts. */
  more: readonly Command[],
  notice: Notice,
): AdminServer {
  const { global } = runtime.config;
  const server = new AdminServer(new Interpreter([...COMMANDS, ...more], runtime), {
    maxconn: global.statsMaxconn,
    timeoutMs: global.statsTimeoutMs,
    onConnection: () => countAdminConnection(runtime.state.counters),
    onBug: (command, error) =>
      notice(
        'alert',
        `admin command '${command}' failed: ${error instanceof Error ? error.stack : String(error)}`,
      ),
    limits: { lineBytes: global.tune.bufsize, payloadBytes: payloadLimit(runtime.config) },
  });
  for (const socket of opened) {
    const warn = (text: string): void =>
      notice('warning', `admin socket ${socketName(socket.bind)}: ${text}`);
    const secure = tls.accepting(socket.bind, from => warn(`the TLS handshake with ${from} failed`));
    server.listen(socket, warn, secure);
  }
  return server;
}

function payloadLimit({ global }: Config): number {
  const [word] = global.tune.other.get('tune.cli.max-payload-size') ?? [];
  const size = word === undefined ? undefined : parseSize(word);
  return size?.value ?? DEFAULT_PAYLOAD_BYTES;
}

export function adminSocketsOf({ global }: Config): readonly AdminSocket[] {
  return global.statsSockets.map(bind => ({ name: socketName(bind), level: bind.level ?? 'operator' }));
}

export function socketName({ address }: Bind): string {
  switch (address.kind) {
    case 'unix':
      return `unix@${address.path}`;
    case 'abstract':
      return `abns@${address.name}`;
    case 'ip':
      return address.family === 4
        ? `ipv4@${address.host}:${address.port}`
        : `ipv6@[${address.host}]:${address.port}`;
    case 'fd':
    case 'sockpair':
      return `${address.kind}@${address.fd}`;
    case 'name':
      return address.host;
    case 'reverse':
      return 'rhttp@';
  }
}
