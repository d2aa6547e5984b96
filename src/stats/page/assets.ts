/**
 * The page's style and script. Both stand in the page itself and are named in its Content-Security-Policy by their
 * hashes: nothing else may run or be loaded, whatever else is served under the same name.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

function read(name: string): string {
  return readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

export const STYLE = read('page.css');
export const SCRIPT = read('page.js');

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
