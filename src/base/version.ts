/** Who this program is, and which HAProxy it is compatible with. */
import { readFileSync } from 'node:fs';

export const COMPATIBLE_WITH = '3.4';

/** As `show version` says it. */
export function versionText(): string {
  return `${COMPATIBLE_WITH}.0-lb${programVersion()}`;
}

/** From package.json, the one place it is written. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
