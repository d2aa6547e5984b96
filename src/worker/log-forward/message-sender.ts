/** What a `log-forward` section does with one message: parses it, knows its sender, and sends it to its targets. */
import { ByteLine } from '../../base/byte-line.ts';
import type { Config } from '../../model/config.ts';
import type { HostStrategy, LogForward } from '../../model/log-forward.ts';
import type { LogFormatName, LogTarget } from '../../model/log.ts';
import type { LogOutlet } from '../logs/log-outlet.ts';
import type { ThreadLogSink } from '../logs/log-sink.ts';
import { TargetFilter } from '../logs/target-filter.ts';
import { forwardedHeader, ownFormat } from './forwarded-header.ts';
import { parseSyslogMessage, unparsedMessage, type SyslogMessage } from './syslog-message.ts';

export class MessageSender {
  readonly #section: LogForward;
  readonly #targets: readonly ForwardTarget[];

  constructor(section: LogForward, config: Config, sink: ThreadLogSink) {
    this.#section = section;
    const targets = section.logGlobal ? [...config.global.logs, ...section.logs] : section.logs;
    this.#targets = targets.map(target => {
      const { format, outlet } = sink.open(target);
      return new ForwardTarget(target, format, profileTag(config, target.profile), outlet);
    });
  }

  /** `sender`: its IP address; undefined where there is none. */
  send(bytes: string, sender: string | undefined): void {
    const { parses, host } = this.#section;
    const message = parses ? parseSyslogMessage(bytes) : unparsedMessage(bytes);
    if (parses && sender !== undefined) message.host = hostOf(message.host, sender, host);
    if (message.text === '') return;
    text.length = 0;
    text.add(message.text);
    text.cutEnd(0);
    const nowMs = Date.now();
    for (const target of this.#targets) target.send(message, nowMs);
  }
}

/** That of the message which is being sent. */
const text = new ByteLine();

function hostOf(host: string, sender: string, strategy: HostStrategy): string {
  switch (strategy) {
    case 'keep':
      return host;
    case 'replace':
      return sender;
    case 'fill':
      return host === '' ? sender : host;
    case 'append':
      return host === '' ? sender : `${host},${sender}`;
  }
}

/** Of a profile only the tag counts here: there is no request its formats could tell of. */
function profileTag({ otherSections }: Config, name: string | undefined): string | undefined {
  const section = otherSections.find(one => one.kind === 'log-profile' && one.name === name);
  return section?.lines.findLast(([keyword]) => keyword?.text === 'log-tag')?.[1]?.text;
}

class ForwardTarget {
  readonly #target: LogTarget;
  readonly #filter: TargetFilter;
  readonly #format: LogFormatName | undefined;
  readonly #tag: string | undefined;
  readonly #outlet: LogOutlet;

  constructor(
    target: LogTarget,
    format: LogFormatName | undefined,
    tag: string | undefined,
    outlet: LogOutlet,
  ) {
    this.#target = target;
    this.#filter = new TargetFilter(target);
    this.#format = format;
    this.#tag = tag;
    this.#outlet = outlet;
  }

  send(received: SyslogMessage, nowMs: number): void {
    if (!this.#filter.passes(received.level)) return;
    const { minLevel, len } = this.#target;
    const message = this.#tag === undefined ? received : { ...received, tag: this.#tag };
    const level = Math.max(message.level, minLevel);
    const facility = message.facility < 0 ? this.#target.facility : message.facility;
    const header = forwardedHeader(message, this.#format ?? ownFormat(message), { facility, level }, nowMs);
    this.#outlet.send(Buffer.from(header, 'latin1'), text, len - 1);
  }
}
