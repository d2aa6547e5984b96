/** What `cookie` does to requests and responses, beside `use-server` and `ignore-persist` (manual, section 4.2). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';

/** Sends a request with these header lines; gives the server's name and what the response says of cookies and caches. */
type Ask = (...fields: string[]) => Promise<string>;

async function start(t: TestContext, lines: string, servers: string): Promise<Ask> {
  const port = await freePort();
  let text = servers;
  for (const name of ['s1', 's2', 's3']) {
    const origin = await startHttpOrigin(t, name, (request, response) => {
      const sets = request.headers['x-set'];
      if (sets !== undefined) response.setHeader('set-cookie', sets);
      if (request.url === '/kept') response.setHeader('cache-control', 'max-age=9');
      response.setHeader('x-server', `${name} ${request.headers.cookie ?? ''}`);
      response.end();
    });
    text = text.replaceAll(`@${name}`, origin.address);
  }
  await startBalancer(
    t,
    `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
listen l
  bind 127.0.0.1:${port}
  balance roundrobin
${lines}
${text}
`,
    { ports: [port] },
  );
  return async (...fields) => {
    const path = fields.includes('kept') ? '/kept' : '/';
    const headers = ['Host: h', ...fields.filter(field => field !== 'kept'), 'Connection: close'];
    const { received } = await exchange(
      port,
      `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`,
      60_000,
    );
    const told = [...received.matchAll(/^(?:x-server|set-cookie|cache-control): (.*?) *\r$/gim)];
    return told
      .map(match => match[1] as string)
      .sort()
      .join(' + ');
  };
}

const SERVERS = ' server s1 @s1 cookie aa\n server s2 @s2 cookie bb\n server s3 @s3 cookie aa backup';

test('a server that use-server names comes before the cookie, and gives none', async t => {
  const ask = await start(
    t,
    ' cookie SID insert indirect\n use-server s2 if { req.hdr(u) -m found }',
    SERVERS,
  );
  assert.equal(await ask(), 'SID=aa; path=/ + s1');
  assert.equal(
    await ask('Cookie: a=b; SID=aa; c=d'),
    's1 a=b; c=d',
    'the first of two servers with that cookie',
  );
  assert.equal(await ask('u: 1', 'Cookie: SID=aa'), 's2');
  assert.equal(await ask('Cookie: SID=bb; SID=aa'), 's2', 'the first cookie counts, both are taken out');
});

test('ignore-persist: no cookie is read and none is given', async t => {
  const ask = await start(t, ' cookie SID insert\n ignore-persist if { req.hdr(u) -m found }', SERVERS);
  assert.equal(await ask('u: 1', 'Cookie: SID=bb'), 's1 SID=bb');
  assert.equal(await ask('u: 1', 'x-set: SID=app'), 'SID=app + s2');
  assert.equal(await ask('Cookie: SID=bb'), 's2 SID=bb');
});

test('force-persist: a server that is down is asked, and logs show it down', async t => {
  const lines = ` cookie SID insert\n force-persist if { req.hdr(f) -m found }
 http-response set-header set-cookie "%tsc"`;
  const ask = await start(t, lines, SERVERS.replace('cookie aa', 'cookie aa disabled'));
  assert.equal(await ask('f: 1', 'Cookie: SID=aa'), '--DN + s1 SID=aa');
});

test('a server without a cookie has the client forget its own', async t => {
  const ask = await start(t, ' cookie SID insert', ' server s1 @s1');
  assert.equal(await ask('Cookie: SID=x'), 'SID=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/ + s1 SID=x');
});

test('the application’s own cookie is replaced by an inserted one, and left alone in passive mode', async t => {
  const inserting = await start(t, ' cookie SID insert', ' server s1 @s1 cookie aa');
  assert.equal(await inserting('x-set: SID=app'), 'SID=aa; path=/ + s1');
  assert.equal(await inserting('x-set: SID=app', 'Cookie: SID=aa'), 's1 SID=aa');
  const passive = await start(t, ' cookie SID', ' server s1 @s1 cookie aa');
  assert.equal(await passive('x-set: SID=app'), 'SID=app + s1');
});

test('nocache speaks to caches where one would keep the response', async t => {
  const ask = await start(t, ' cookie SID insert nocache', ' server s1 @s1 cookie aa');
  assert.equal(await ask(), 'SID=aa; path=/ + s1');
  assert.equal(await ask('kept'), 'SID=aa; path=/ + max-age=9 + private + s1');
});

test('with indirect the cookie that the application sets is kept from a client that has a valid one, in prefix mode too', async t => {
  const ask = await start(t, ' cookie SID prefix indirect', SERVERS);
  assert.equal(await ask('x-set: SID=v'), 'SID=aa~v + s1');
  assert.equal(await ask('x-set: SID=v', 'Cookie: SID=aa~v'), 's1 SID=v');
  assert.equal(
    await ask('x-set: SID="v; w"; path=/', 'Cookie: SID=zz~v'),
    'SID=bb~"v; w"; path=/ + s2 SID=v',
  );
});
