/** `promote_secondaries`: removing an address keeps the others of its network (net.ipv4.conf.IF.promote_secondaries). */
import { writeFileSync } from 'node:fs';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { Log } from './log.ts';

export function promoteSecondaries(config: KeepalivedConfig, log: Log): void {
  const devices = config.instances.filter(one => one.promoteSecondaries).map(one => one.interface);
  for (const device of new Set(devices)) {
    if (device === undefined) continue;
    try {
      writeFileSync(`/proc/sys/net/ipv4/conf/${device}/promote_secondaries`, '1');
    } catch (error) {
      log(
        'warning',
        `promote_secondaries on ${device}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
