/** Dates of log lines; the text of a second is made once, however many lines fall into it. */
import type { ByteLine } from '../../base/byte-line.ts';
import { latin1Write } from '../../base/latin1.ts';
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

/** The text of a moment; of the next one mostly the last three digits are others. */
const dateBytes = Buffer.alloc(64);
let dateLength = 0;
let secondMs = Number.NaN;
let millisecond = -1;

/** As `dateWithMs`, behind the bytes of a line. */
export function appendDateWithMs(line: ByteLine, ms: number): void {
  let within = Math.floor(ms) - secondMs;
  if (!(within >= 0 && within < 1000)) {
    dateLength = latin1Write(dateBytes, dateWithMs(ms), 0);
    secondMs = Math.floor(ms / 1000) * 1000;
    millisecond = within = Math.floor(ms) - secondMs;
  }
  if (within !== millisecond) writeMillisecond(within);
  line.addStart(dateBytes, dateLength);
}

function writeMillisecond(within: number): void {
  const hundreds = (within / 100) | 0;
  const tens = ((within / 10) | 0) % 10;
  dateBytes[dateLength - 3] = ZERO + hundreds;
  dateBytes[dateLength - 2] = ZERO + tens;
  dateBytes[dateLength - 1] = ZERO + (within % 10);
  millisecond = within;
}

const ZERO = 48;

/** `26/Apr/2024:07:41:11 +0000` */
export const dateUtc = remembered('%d/%b/%Y:%H:%M:%S +0000', false);

/** `26/Apr/2024:09:42:32 +0200` */
export const dateLocal = remembered('%d/%b/%Y:%H:%M:%S %z', true);
