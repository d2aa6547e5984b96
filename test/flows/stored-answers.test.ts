/** Whole answers of files (`errorfile`) leave in the HTTP version they stand in, as from the real HAProxy. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const VERSIONS = ['1.0', '1.1', '2.0'];

/** Two requests of one connection, the second closes it. */
const twice = (path: string): string =>
  `GET /${path} HTTP/1.1\r\nHost: x\r\n\r\nGET /${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;

/** What clients get, in lower case. */
async function answers(t: TestContext, program?: string): Promise<string[]> {
  const [folder, port] = [temporaryFolder(t), await freePort()];
  const rules = VERSIONS.map(version => {
    const file = join(folder, version);
    writeFileSync(file, `HTTP/${version} 404 Gone\r\nX-Of: file\r\nContent-Length: 3\r\n\r\nno\n`);
    return ` http-request return status 404 errorfile ${file} if { path /${version} }\n`;
  });
  const config = `defaults
 mode http
 timeout client 10s
 timeout server 10s
 timeout connect 10s
frontend f
 bind 127.0.0.1:${port}
${rules.join('')}`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  const told = await Promise.all(VERSIONS.map(version => exchangeRaw(port, twice(version))));
  return told.map(text => text.toLowerCase());
}

test('a stored answer keeps its version, and the connection of its client', async t => {
  const own = await answers(t);
  const text = (line: string, connection: string): string =>
    `${line} 404 gone\r\nx-of: file\r\ncontent-length: 3\r\n${connection}\r\nno\n`;
  const newer = text('http/1.1', '') + text('http/1.1', 'connection: close\r\n');
  const older = text('http/1.0', 'connection: keep-alive\r\n') + text('http/1.0', '');
  assert.deepEqual(own, [older, newer, newer]);
  if (requires(t, 'haproxy')) assert.deepEqual(own, await answers(t, 'haproxy'));
});
