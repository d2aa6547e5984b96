/**
 * VRRP as a process of its own, as keepalived has it: nothing the balancer does - parsing, checking thousands of
 * servers, a stalled thread - delays an advert, and when the balancer dies, by whatever signal, its addresses are
 * released at once. Started by vrrp-service.ts, which holds the other end of the channel.
 *
 * Signals are keepalived's: SIGUSR1 and SIGUSR2 write the dump files, SIGHUP reloads, SIGTERM stops. Node cannot take
 * the realtime signal for the JSON file: it is written along with the state.
 */
import type { DumpKind } from '../dump.ts';
import type { LoadBalancerView } from '../tracking/trackers.ts';
import { stateFiles } from '../state-files.ts';
import { startVrrp, type VrrpHandle } from '../manager.ts';
import type { BalancerReport, FromVrrp, ToVrrp } from './messages.ts';

const TITLE = 'lb: vrrp';

type Start = ToVrrp & { readonly kind: 'start' };

function tell(message: FromVrrp): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

class VrrpProcess {
  #handle: VrrpHandle | undefined;
  #report: BalancerReport | undefined;
  #ending = false;

  take(message: ToVrrp): void {
    if (message.kind === 'start') {
      this.#start(message);
      return;
    }
    const handle = this.#handle;
    if (handle === undefined) return;
    switch (message.kind) {
      case 'reload':
        handle.reload(message.config);
        return;
      case 'report':
        this.#report = message.report;
        handle.balancerChanged();
        return;
      case 'hand-over':
        void handle.handOver(message.reason).then(held => tell({ kind: 'handed-over', held }));
        return;
      case 'resume':
        handle.resume();
        return;
      case 'stop':
        this.stop();
        return;
      case 'snapshot':
        tell({ kind: 'snapshot', id: message.id, snapshot: handle.snapshot() });
        return;
      case 'dump':
        handle.dump(message.what);
    }
  }

  #start({ config, report }: Start): void {
    const files = stateFiles(TITLE);
    this.#report = report;
    this.#handle = startVrrp(config, {
      log: (level, message) => tell({ kind: 'log', level, message }),
      onEvent: event => tell({ kind: 'event', event }),
      stateFile: files.own,
      abandonedFiles: files.abandoned,
      ...(report === undefined ? {} : { balancer: this.#view(), keepConnections: true }),
    });
    tell({ kind: 'started' });
  }

  #view(): LoadBalancerView {
    return {
      serversUp: backend => this.#report?.backends.get(backend),
      listening: frontend => this.#report?.frontends.get(frontend),
    };
  }

  /** Gently; afterwards nothing keeps this process alive. */
  stop(): void {
    if (this.#ending) return;
    this.#ending = true;
    const stopped = this.#handle?.stop() ?? Promise.resolve();
    void stopped.then(() => {
      tell({ kind: 'stopped' });
      if (process.connected) process.disconnect();
    });
  }

  /** The program is gone: nobody serves behind these addresses. */
  abandoned(): void {
    this.#ending = true;
    this.#handle?.releaseNow();
    process.removeAllListeners();
  }

  dump(what: DumpKind): void {
    this.#handle?.dump(what);
  }
}

process.title = TITLE;
const self = new VrrpProcess();
process.on('message', message => self.take(message as ToVrrp));
process.on('disconnect', () => self.abandoned());
process.on('SIGUSR1', () => {
  self.dump('state');
  self.dump('json');
});
process.on('SIGUSR2', () => self.dump('stats'));
process.on('SIGHUP', () => tell({ kind: 'reload-wanted' }));
process.on('SIGTERM', () => self.stop());
process.on('SIGINT', () => self.stop());
