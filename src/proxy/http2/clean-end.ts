/** Connections that end without a fault of either side (RFC 9113, section 6.8). */
import { CANCEL, ENHANCE_YOUR_CALM, GOAWAY, NO_ERROR, REFUSED_STREAM } from '../../http2/frames.ts';

const CLEAN: ReadonlySet<number> = new Set([NO_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM]);

/** `h2_goaway_resp` counts those of errors alone. */
export function endsCleanly(type: number, code: number): boolean {
  return type === GOAWAY && CLEAN.has(code);
}
