/** Certificates that authorities renew (management manual, `acme status`, `acme renew`; manual, section 12.8). */
import type { RenewalStatus } from '../../acme/renewals.ts';
import { dump, fail, say, type Command } from '../command.ts';

const HEAD =
  '# certificate\tsection\tstate\texpiration date (UTC)\texpires in\tscheduled date (UTC)\tscheduled in\n';

function statusLine({ certificate, section, state, untilMs, scheduledMs }: RenewalStatus): string {
  const nowMs = Date.now();
  const scheduledIn = state === 'Running' ? 0 : scheduledMs - nowMs;
  const words = [
    certificate,
    section,
    state,
    dateText(untilMs),
    spanText(untilMs - nowMs),
    dateText(scheduledMs),
    spanText(scheduledIn),
  ];
  return `${words.join('\t')}\n`;
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}

/** `89d 23h01m13s`; what is over lasts no time. */
function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value % 60).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${hours % 24}h${two(Math.floor(seconds / 60))}m${two(seconds)}s`;
}

const status: Command['run'] = ({ runtime }) => dump([HEAD, ...runtime.renewals.status().map(statusLine)]);

const renew: Command['run'] = ({ args, runtime }) => {
  const name = args.at(2);
  if (name === '') return fail(`'acme renew' expects a certificate.`);
  const wrong = runtime.renewals.renew(name);
  return wrong === undefined ? undefined : fail(wrong);
};

const challengeReady: Command['run'] = ({ args, runtime }) => {
  const [name, word, domain] = [args.at(2), args.at(3), args.at(4)];
  if (name === '' || word !== 'domain' || domain === '')
    return fail(`'acme challenge_ready' expects a certificate, 'domain' and a domain.`);
  const confirmed = runtime.renewals.confirm(name, domain);
  if (typeof confirmed === 'string') return fail(confirmed);
  return say(`${confirmed.ready}/${confirmed.total} challenge(s) ready.`);
};

export const ACME_COMMANDS: readonly Command[] = [
  {
    words: 'acme status',
    summary: 'certificates of ACME, and when they are renewed',
    level: 'admin',
    run: status,
  },
  {
    words: 'acme renew',
    args: '<certificate>',
    summary: 'orders a certificate now',
    level: 'admin',
    run: renew,
  },
  {
    words: 'acme challenge_ready',
    args: '<certificate> domain <domain>',
    summary: 'the TXT record of a domain is there',
    level: 'admin',
    run: challengeReady,
  },
];
