/** What `mailers` sections and `email-alert` lines say (manual, sections 4.2 and 12.3). They were checked when they were read. */
import { hostname } from 'node:os';
import { parseAddress } from '../config-parser/address.ts';
import { parseTime } from '../config-parser/units.ts';
import type { Config, OtherSection } from '../model/config.ts';
import type { EmailAlert } from '../model/proxy.ts';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const DEFAULT_LEVEL = 'alert';
const DEFAULT_TIMEOUT_MS = 10_000;

interface Mailer {
  readonly name: string;
  readonly server: string;
  readonly port: number;
  /** As the line says it. */
  readonly place: string;
}

interface Mailers {
  readonly name: string;
  readonly timeoutMs: number;
  readonly list: readonly Mailer[];
}

export function mailersSections({ otherSections }: Config): Mailers[] {
  return otherSections.filter(({ kind }) => kind === 'mailers').map(mailersOf);
}

/** Less is more urgent: 0 (emerg) .. 7 (debug). */
export function levelOf({ level = DEFAULT_LEVEL }: EmailAlert): number {
  return LEVELS.indexOf(level);
}

export function heloNameOf({ myhostname }: EmailAlert): string {
  return myhostname ?? hostname();
}

function mailersOf({ name, lines }: OtherSection): Mailers {
  const timeout = lines.find(([first, second]) => first?.text === 'timeout' && second?.text === 'mail');
  const parsed = parseTime(timeout?.[2]?.text ?? '', 'ms');
  const timeoutMs = parsed.error === undefined ? parsed.value : DEFAULT_TIMEOUT_MS;
  const list = lines.filter(([word]) => word?.text === 'mailer').flatMap(mailerOf);
  return { name, timeoutMs, list };
}

function mailerOf([, name, place]: OtherSection['lines'][number]): Mailer[] {
  const text = place?.text ?? '';
  const address = parseAddress(text, { port: 'required' });
  if (address.error !== undefined) return [];
  const { address: where } = address.value;
  if (where.kind !== 'ip' && where.kind !== 'name') return [];
  return [{ name: name?.text ?? '', server: where.host, port: where.port, place: text }];
}
