/** Dates of log lines; the text of a second is made once, however many lines fall into it. */
import { strftime } from '../../base/strftime.ts';

function remembered(format: string, isLocal: boolean): (epoch: number) => string {
  let lastEpoch = Number.NaN;
  let lastText = '';
  return epoch => {
    if (epoch !== lastEpoch) {
      lastText = strftime(format, epoch, isLocal);
      lastEpoch = epoch;
    }
    return lastText;
  };
}

const local = remembered('%d/%b/%Y:%H:%M:%S', true);

/** `26/Apr/2024:09:39:58.774` */
export function dateWithMs(ms: number): string {
  const epoch = Math.floor(ms / 1000);
  return `${local(epoch)}.${String(Math.floor(ms - epoch * 1000)).padStart(3, '0')}`;
}

/** `26/Apr/2024:07:41:11 +0000` */
export const dateUtc = remembered('%d/%b/%Y:%H:%M:%S +0000', false);

/** `26/Apr/2024:09:42:32 +0200` */
export const dateLocal = remembered('%d/%b/%Y:%H:%M:%S %z', true);
