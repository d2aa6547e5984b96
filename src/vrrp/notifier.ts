/**
 * Tells scripts, pipes and people about changes of state: `notify_*`, `notify_fifo`, `smtp_alert`. Nothing waits for
 * them. The words are keepalived's: GROUP|INSTANCE, name, MASTER|BACKUP|FAULT|STOP|DELETED, priority.
 */
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import type { ScriptCommand } from '../model/script-command.ts';
import type { NotifyScripts } from '../model/vrrp-instance.ts';
import type { Clock } from './clock.ts';
import { openFifo, type Fifo } from './fifo.ts';
import type { Log } from './log.ts';
import type { NotifyState, Subject } from './notify-subject.ts';
import { runScript } from './run-script.ts';
import { StateMails } from './state-mails.ts';

const SCRIPT_OF: Readonly<Record<NotifyState, keyof Omit<NotifyScripts, 'sayDeleted'>>> = {
  MASTER: 'master',
  BACKUP: 'backup',
  FAULT: 'fault',
  STOP: 'stop',
  DELETED: 'deleted',
};

export class Notifier {
  readonly #global: KeepalivedGlobal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #mails: StateMails;
  readonly #fifos: readonly Fifo[];

  constructor(global: KeepalivedGlobal, clock: Clock, log: Log) {
    this.#global = global;
    this.#clock = clock;
    this.#log = log;
    this.#mails = new StateMails(global, clock, log);
    this.#fifos = [global.notifyFifo, global.vrrpNotifyFifo]
      .filter(fifo => fifo !== undefined)
      .map(fifo => openFifo(fifo, global, clock, log))
      .filter(fifo => fifo !== undefined);
  }

  state(subject: Subject, state: NotifyState): void {
    this.line(subject, state);
    const { kind, name, priority, notify } = subject;
    this.#run(notify[SCRIPT_OF[state]], []);
    this.#run(notify.any, [kind, name, state, String(priority)]);
    this.#mails.tell(subject, state);
  }

  /** Only the pipes: also MASTER_RX_LOWER_PRI, MASTER_PRIORITY and BACKUP_PRIORITY. */
  line({ kind, name, priority }: Pick<Subject, 'kind' | 'name' | 'priority'>, state: string): void {
    for (const fifo of this.#fifos) fifo.write(`${kind} "${name}" ${state} ${priority}`);
  }

  lowerPriorityHeard(subject: Subject): void {
    this.line(subject, 'MASTER_RX_LOWER_PRI');
    this.#run(subject.notify.masterRxLowerPri, []);
  }

  /** `next`: what takes its place opens these pipes. */
  close(next?: KeepalivedGlobal): void {
    const again = [next?.notifyFifo?.path, next?.vrrpNotifyFifo?.path];
    for (const fifo of this.#fifos) fifo.close(again.includes(fifo.path));
  }

  #run(command: ScriptCommand | undefined, extra: readonly string[]): void {
    if (command === undefined) return;
    const running = runScript(command, extra, this.#global, this.#clock);
    void running.result.then(result => {
      if (result.kind === 'refused')
        this.#log('error', `notify script ${command.argv[0] ?? ''}: ${result.reason}`);
    });
  }
}
