/** Settings that virtual server, real server and checker have in common, each inherited from the one around it. */
import type { KeepalivedKeyword } from '../keyword.ts';
import { integerRow, secondsRow } from '../value-rows.ts';

/** A connection's timer in keepalived: 32 bits of microseconds. */
const MOST_CONNECTING_SECONDS = 4294;
/** Others have 64 bits there; more than anybody waits for. */
const MOST_SECONDS = 0xffff_ffff;

/** Settings a checker inherits from its real server, and that from its virtual server. */
export interface CheckDefaults {
  retry?: number;
  delayBeforeRetryMs?: number;
  warmupMs?: number;
  connectTimeoutMs?: number;
  delayLoopMs?: number;
  alpha?: boolean;
  virtualhost?: string;
}

/** Words that virtual server, real server and checker have in common. `leastRetries`: only a checker may have none. */
export function checkDefaultRows<Draft extends CheckDefaults>(
  leastRetries: 0 | 1 = 1,
): KeepalivedKeyword<Draft>[] {
  return [
    integerRow('retry', 'retry', [leastRetries, 0xffff_ffff], 'extra checks after failure', '<n>'),
    secondsRow('delay_before_retry', 'delayBeforeRetryMs', [0, MOST_SECONDS], 'wait between retries'),
    secondsRow('warmup', 'warmupMs', [0, MOST_SECONDS], 'random start delay'),
    secondsRow(
      'connect_timeout',
      'connectTimeoutMs',
      [0.000_001, MOST_CONNECTING_SECONDS],
      'check connect limit',
    ),
    secondsRow('delay_loop', 'delayLoopMs', [0.000_001, MOST_SECONDS], 'interval between checks'),
  ];
}

export function virtualhostRow<Draft extends CheckDefaults>(): KeepalivedKeyword<Draft> {
  return {
    name: 'virtualhost',
    args: '<STRING>',
    least: 1,
    summary: 'Host of HTTP checks',
    parse: (draft, { words }) => void (draft.virtualhost = words[0]?.text ?? ''),
  };
}
