/** A checker that was read, with the defaults around it and those of its kind. */
import type { Checker, CheckerKind, ServiceAddress } from '../../../model/virtual-server.ts';
import type { CheckDefaults } from './check-defaults.ts';
import type { PendingChecker } from './checker.ts';
import type { CheckerDraft } from './checker-rows.ts';

const DEFAULT_DELAY_LOOP_MS = 60_000;
/** A file is followed: it says at once what holds. */
const FOLLOWING = { retry: 0, warmupMs: 0, delayLoopMs: 500, alpha: false } as const;

function defaultRetry(kind: CheckerKind): number {
  if (kind === 'MISC_CHECK') return 0;
  return kind === 'DNS_CHECK' ? 3 : 1;
}

function defaultDelayBeforeRetry(kind: CheckerKind, delayLoopMs: number): number {
  if (kind === 'DNS_CHECK') return delayLoopMs;
  return kind === 'HTTP_GET' || kind === 'SSL_GET' ? 3000 : 1000;
}

export function resolveChecker(
  { kind, draft }: PendingChecker,
  around: CheckDefaults,
  server: ServiceAddress,
  logAllFailures: boolean,
): Checker {
  const delayLoopMs = draft.delayLoopMs ?? around.delayLoopMs ?? DEFAULT_DELAY_LOOP_MS;
  const bind = {
    ...(draft.bindTo === undefined ? {} : { bindTo: draft.bindTo }),
    ...(draft.bindIf === undefined ? {} : { bindIf: draft.bindIf }),
  };
  return {
    kind,
    position: draft.position,
    connectIp: draft.connectIp ?? server.address,
    connectPort: draft.connectPort ?? server.port,
    ...bind,
    bindPort: draft.bindPort ?? 0,
    fwmark: draft.fwmark ?? 0,
    connectTimeoutMs: draft.connectTimeoutMs ?? around.connectTimeoutMs ?? 5000,
    retry: draft.retry ?? around.retry ?? defaultRetry(kind),
    delayBeforeRetryMs:
      draft.delayBeforeRetryMs ?? around.delayBeforeRetryMs ?? defaultDelayBeforeRetry(kind, delayLoopMs),
    warmupMs: draft.warmupMs ?? around.warmupMs ?? delayLoopMs,
    delayLoopMs,
    alpha: draft.alpha ?? around.alpha ?? false,
    logAllFailures: draft.logAllFailures ?? logAllFailures,
    ...specialPart(kind, draft, around),
    ...(kind === 'FILE_CHECK' ? FOLLOWING : {}),
  };
}

function specialPart(kind: CheckerKind, draft: CheckerDraft, around: CheckDefaults): Partial<Checker> {
  switch (kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return { http: httpPart(kind, draft, draft.virtualhost ?? around.virtualhost) };
    case 'MISC_CHECK':
      if (draft.script === undefined) return {};
      return {
        misc: {
          script: { ...draft.script, ...draft.account },
          // not that of the checker itself
          timeoutMs: draft.miscTimeoutMs ?? around.delayLoopMs ?? DEFAULT_DELAY_LOOP_MS,
          dynamic: draft.miscDynamic,
        },
      };
    case 'SMTP_CHECK':
      return draft.heloName === undefined ? {} : { heloName: draft.heloName };
    case 'DNS_CHECK':
      return { dns: { type: draft.dnsType, name: draft.dnsName } };
    case 'UDP_CHECK':
      return {
        udp: {
          ...(draft.payload === undefined ? {} : { payload: draft.payload }),
          ...(draft.reply === undefined ? {} : { reply: draft.reply }),
          requireReply: draft.requireReply,
          minReplyLength: draft.minReplyLength,
          maxReplyLength: draft.maxReplyLength,
        },
      };
    case 'FILE_CHECK':
      return {
        file: {
          trackFile: draft.trackFile ?? '',
          ...(draft.fileWeight === undefined ? {} : { weight: draft.fileWeight }),
        },
      };
    case 'BFD_CHECK':
      return draft.bfdName === undefined ? {} : { bfd: draft.bfdName };
    case 'TCP_CHECK':
    case 'PING_CHECK':
      return {};
  }
}

function httpPart(
  kind: 'HTTP_GET' | 'SSL_GET',
  draft: CheckerDraft,
  virtualhost: string | undefined,
): NonNullable<Checker['http']> {
  return {
    tls: kind === 'SSL_GET',
    ...(virtualhost === undefined ? {} : { virtualhost }),
    protocol: draft.protocol,
    enableSni: draft.enableSni,
    ...(draft.sniName === undefined ? {} : { sniName: draft.sniName }),
    urls: draft.urls,
  };
}
