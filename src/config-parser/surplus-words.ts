/**
 * Keywords behind whose arguments HAProxy looks at nothing. More words there are left out here, too, which is worth a
 * warning: in `stats realm Some Name` the second word was meant to count. Behind any other keyword they are an error.
 */
import type { SectionKind } from './line-context.ts';

const GLOBAL: ReadonlySet<string> = new Set([
  'close-spread-time',
  'grace',
  'hard-stop-after',
  'harden.reject-privileged-ports.quic',
  'harden.reject-privileged-ports.tcp',
  'log-send-hostname',
  'numa-cpu-mapping',
  'server-state-base',
  'server-state-file',
  'ssl-load-extra-del-ext',
  'ssl-provider-path',
  'ssl-security-level',
  'ssl-skip-self-issued-ca',
  'stats calculate-max-counters',
  'stats-file',
  'tune.lua.burst-timeout',
  'tune.lua.maxmem',
  'tune.lua.service-timeout',
  'tune.lua.session-timeout',
  'tune.lua.task-timeout',
  'tune.stick-counters',
]);

const PROXIES: ReadonlySet<string> = new Set([
  'capture cookie',
  'clitcpka-cnt',
  'clitcpka-idle',
  'clitcpka-intvl',
  'compression direction',
  'compression minsize-req',
  'compression minsize-res',
  'compression offload',
  'declare capture',
  'dynamic-cookie-key',
  'email-alert from',
  'email-alert level',
  'email-alert mailers',
  'email-alert myhostname',
  'email-alert to',
  'guid',
  'hash-balance-factor',
  'hash-preserve-affinity',
  'hash-type',
  'http-send-name-header',
  'load-server-state-from-file',
  'log-steps',
  'log-tag',
  'max-keep-alive-queue',
  'max-session-srv-conns',
  'option httpslog',
  'option redispatch',
  'persist rdp-cookie',
  'rate-limit sessions',
  'srvtcpka-cnt',
  'srvtcpka-idle',
  'srvtcpka-intvl',
  'stats auth',
  'stats enable',
  'stats hide-version',
  'stats realm',
  'stats refresh',
  'stats scope',
  'stats show-legends',
  'stats show-modules',
  'stats show-node',
  'stats show-version',
  'stats uri',
  'tcp-request inspect-delay',
  'tcp-response inspect-delay',
  'unique-id-header',
]);

const OTHERS: Readonly<Partial<Record<SectionKind, readonly string[]>>> = {
  'log-forward': ['timeout client', 'option host'],
  mailers: ['mailer', 'timeout mail'],
  peers: ['disabled', 'enabled', 'shards'],
  resolvers: [
    'accepted_payload_size',
    ...['nx', 'obsolete', 'other', 'refused', 'timeout', 'valid'].map(status => `hold ${status}`),
    'parse-resolv-conf',
    'resolve_retries',
    'timeout resolve',
    'timeout retry',
  ],
  ring: ['backing-file', 'format', 'maxlen', 'size', 'timeout connect', 'timeout server'],
};

const IN_PROXIES: ReadonlySet<SectionKind> = new Set(['defaults', 'frontend', 'listen', 'backend']);

export function ignoresMore(keyword: string, section: SectionKind): boolean {
  if (section === 'global') return GLOBAL.has(keyword);
  if (IN_PROXIES.has(section)) return PROXIES.has(keyword);
  return OTHERS[section]?.includes(keyword) === true;
}
