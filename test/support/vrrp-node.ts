/**
 * VRRP alone as a process, for tests in network namespaces: `node vrrp-node.js keepalived.conf [state file]`.
 * SIGTERM stops gently, SIGHUP reloads, SIGUSR1 writes a snapshot as one line of JSON. Lines on stdout are events.
 */
import { startVrrp } from '../../src/vrrp/manager.ts';
import { readKeepalived } from '../../src/vrrp/read-config.ts';

const [path = '', stateFile] = process.argv.slice(2);

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const handle = startVrrp(readKeepalived(path).config, {
  log: (level, message) => say({ log: level, message }),
  onEvent: event => say({ event, at: Date.now() }),
  ...(stateFile === undefined ? {} : { stateFile }),
});
say({ ready: process.pid });
process.on('SIGHUP', () => handle.reload(readKeepalived(path).config));
process.on('SIGUSR1', () => say({ snapshot: handle.snapshot() }));
process.on('SIGTERM', () => {
  void handle.stop().then(() => say({ stopped: true }));
});
