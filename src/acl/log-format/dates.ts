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

let lastMs = Number.NaN;
let lastDate = '';

/** `26/Apr/2024:09:39:58.774` */
export function dateWithMs(ms: number): string {
  const whole = Math.floor(ms);
  if (whole === lastMs) return lastDate;
  const epoch = Math.floor(whole / 1000);
  lastMs = whole;
  lastDate = `${local(epoch)}.${String(whole - epoch * 1000).padStart(3, '0')}`;
  return lastDate;
}

/** `26/Apr/2024:07:41:11 +0000` */
export const dateUtc = remembered('%d/%b/%Y:%H:%M:%S +0000', false);

/** `26/Apr/2024:09:42:32 +0200` */
export const dateLocal = remembered('%d/%b/%Y:%H:%M:%S %z', true);
