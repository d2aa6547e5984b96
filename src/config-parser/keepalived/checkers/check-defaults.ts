/** Settings that virtual server, real server and checker have in common, each inherited from the one around it. */
import type { KeepalivedKeyword } from '../keyword.ts';
import { readBool, readInteger, readSeconds } from '../values.ts';

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

function seconds<Draft extends CheckDefaults>(
  name: string,
  key: 'delayBeforeRetryMs' | 'warmupMs' | 'connectTimeoutMs' | 'delayLoopMs',
  least: number,
  summary: string,
): KeepalivedKeyword<Draft> {
  return {
    name,
    args: '<secs>',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, least, 4294);
      if (value !== undefined) draft[key] = value;
    },
  };
}

/** Words that virtual server, real server and checker have in common. */
export function checkDefaultRows<Draft extends CheckDefaults>(): KeepalivedKeyword<Draft>[] {
  return [
    {
      name: 'retry',
      args: '<n>',
      least: 1,
      summary: 'extra checks after failure',
      parse: (draft, statement, scope) => {
        const value = readInteger(statement, scope, 0, 1 << 30);
        if (value !== undefined) draft.retry = value;
      },
    },
    seconds('delay_before_retry', 'delayBeforeRetryMs', 0, 'wait between retries'),
    seconds('warmup', 'warmupMs', 0, 'random start delay'),
    seconds('connect_timeout', 'connectTimeoutMs', 0.000_001, 'check connect limit'),
    seconds('delay_loop', 'delayLoopMs', 0.000_001, 'interval between checks'),
    {
      name: 'alpha',
      args: '[<BOOL>]',
      summary: 'assume down at start',
      parse: (draft, statement, scope) => {
        const value = readBool(statement, scope);
        if (value !== undefined) draft.alpha = value;
      },
    },
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
