/**
 * Tells pipes and people about virtual and real servers: `lvs_notify_fifo`, `notify_fifo` and `smtp_alert`. The program
 * that reads `notify_fifo` is started by the VRRP process, which writes to the same pipe.
 */
import type { ServiceEvents } from '../../l4/pool-keeper.ts';
import type { KeepalivedGlobal } from '../../model/keepalived.ts';
import { sendMail } from '../../net/smtp.ts';
import { systemClock } from '../../vrrp/clock.ts';
import { openFifo, type Fifo } from '../../vrrp/fifo.ts';
import type { Log } from '../../vrrp/log.ts';

export class ServiceNotifier implements ServiceEvents {
  readonly #log: Log;
  #global: KeepalivedGlobal;
  #fifos: readonly Fifo[];

  constructor(global: KeepalivedGlobal, log: Log) {
    this.#global = global;
    this.#log = log;
    this.#fifos = this.#open();
  }

  /** Pipes and their readers go on over a reload that does not concern them. */
  reload(global: KeepalivedGlobal): void {
    const changed = JSON.stringify(this.#global) !== JSON.stringify(global);
    this.#global = global;
    if (!changed) return;
    this.close(global);
    this.#fifos = this.#open();
  }

  line(text: string): void {
    for (const fifo of this.#fifos) fifo.write(text);
  }

  mail(about: string, body: string): void {
    const { mail, routerId } = this.#global;
    if (mail === undefined) return;
    const subject = `[${routerId}] ${about}`;
    const date = new Date(systemClock.wallClock());
    void sendMail(mail, { from: mail.from, to: mail.to, subject, body }, date).then(trouble => {
      if (trouble !== undefined) this.#log('warning', `mail alert (${about}): ${trouble}`);
    });
  }

  /** `next`: what takes its place opens these pipes. */
  close(next?: KeepalivedGlobal): void {
    const again = [next?.notifyFifo?.path, next?.lvsNotifyFifo?.path];
    for (const fifo of this.#fifos) fifo.close(again.includes(fifo.path));
  }

  #open(): Fifo[] {
    const { notifyFifo, lvsNotifyFifo } = this.#global;
    const { script: _ofVrrp, ...shared } = notifyFifo ?? { path: '' };
    return [notifyFifo === undefined ? undefined : shared, lvsNotifyFifo]
      .filter(fifo => fifo !== undefined)
      .map(fifo => openFifo(fifo, this.#global, systemClock, this.#log))
      .filter(fifo => fifo !== undefined);
  }
}
