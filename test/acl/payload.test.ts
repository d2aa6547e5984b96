/** Bytes of a TCP stream under inspection: TLS hellos, RDP cookies, slices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloOf } from '../support/client-hello.ts';
import { testEnvironment } from './compile-environment.ts';
import { compiled, CONTENT_PHASE } from './evaluate.ts';
import { sampleContext } from './sample-context.ts';
import type { MutableContext } from './sample-context.ts';

function contextOf(buffer: Buffer, length = buffer.length, final = false): MutableContext {
  return sampleContext({ requestPayload: { buffer, offset: 0, length }, final });
}

function fetched(text: string, ctx: MutableContext): string | undefined {
  ctx.needMoreData = false;
  return compiled(text, testEnvironment(), CONTENT_PHASE).string(ctx);
}

test('a ClientHello tells name, protocols and version without being deciphered', async () => {
  const hello = await helloOf({ servername: 'shop.example.com', ALPNProtocols: ['h2', 'http/1.1'] });
  const ctx = contextOf(hello);
  assert.equal(fetched('req.ssl_sni', ctx), 'shop.example.com');
  assert.equal(fetched('req.ssl_alpn', ctx), 'h2');
  assert.equal(fetched('req.ssl_hello_type', ctx), '1');
  assert.equal(fetched('req.ssl_ver', ctx), String(3 * 65536 + 3));
  assert.equal(fetched('req.ssl_ec_ext', ctx), '1');
  assert.equal(fetched('req.ssl_st_ext', ctx), '1');
  assert.match(fetched('req.ssl_supported_groups,hex', ctx) ?? '', /001D/);
  assert.match(fetched('req.ssl_keyshare_groups,hex', ctx) ?? '', /001D/);
  assert.match(fetched('req.ssl_sigalgs,hex', ctx) ?? '', /0403/);
  assert.match(fetched('req.ssl_cipherlist,hex', ctx) ?? '', /1301/);
  assert.equal(fetched('req_ssl_sni', ctx), 'shop.example.com');
  assert.equal(ctx.needMoreData, false);
});

test('a ClientHello without a name has none, and does not wait for one', async () => {
  const ctx = contextOf(await helloOf({}));
  assert.equal(fetched('req.ssl_sni', ctx), undefined);
  assert.equal(ctx.needMoreData, false);
});

test('every cut of a ClientHello waits for more, until no more will come', async () => {
  const hello = await helloOf({ servername: 'a.example' });
  for (let length = 0; length < hello.length; length++) {
    const ctx = contextOf(hello, length);
    assert.equal(fetched('req.ssl_sni', ctx), undefined);
    assert.equal(ctx.needMoreData, true, `after ${length} bytes`);
  }
  const last = contextOf(hello, hello.length - 1, true);
  assert.equal(fetched('req.ssl_sni', last), undefined);
  assert.equal(last.needMoreData, false);
});

test('a broken ClientHello is none, and nothing is read beyond its bytes', async () => {
  const hello = await helloOf({ servername: 'a.example', ALPNProtocols: ['h2'] });
  let state = 7;
  for (let round = 0; round < 4000; round++) {
    const broken = Buffer.from(hello);
    for (let change = 0; change < 3; change++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      broken[state % broken.length] = (state >> 8) & 255;
    }
    for (const word of [
      'req.ssl_sni',
      'req.ssl_alpn',
      'req.ssl_keyshare_groups',
      'req.ssl_ver',
      'req.ssl_hello_type',
    ])
      fetched(word, contextOf(broken));
  }
});

test('plain text is no TLS', () => {
  const ctx = contextOf(Buffer.from('GET / HTTP/1.1\r\n'));
  assert.equal(fetched('req.ssl_sni', ctx), undefined);
  assert.equal(fetched('req.ssl_hello_type', ctx), undefined);
  assert.equal(ctx.needMoreData, false);
});

test('the version of an SSLv2 hello is read too', () => {
  const ciphers = '010080030080060040';
  const challenge = 'ab'.repeat(16);
  const hello = Buffer.from(`8022010301000900000010${ciphers}${challenge}`, 'hex');
  assert.equal(fetched('req.ssl_ver', contextOf(hello)), String(3 * 65536 + 1));
});

test('the RDP cookie is found behind its headers', () => {
  const request = (cookie: string): Buffer =>
    Buffer.from(`\x03\0\0\x2a\x25\xe0\0\0\0\0\0${cookie}`, 'latin1');
  const ctx = contextOf(request('Cookie: msts=3640205228.15629.0000\r\n'));
  assert.equal(fetched('req.rdp_cookie(msts)', ctx), '3640205228.15629.0000');
  assert.equal(fetched('req.rdp_cookie', ctx), '3640205228.15629.0000');
  assert.equal(fetched('rdp_cookie(MSTS)', ctx), '3640205228.15629.0000');
  assert.equal(fetched('req.rdp_cookie(other)', ctx), undefined);
  assert.equal(fetched('rdp_cookie_cnt(msts)', ctx), '1');
  assert.equal(fetched('rdp_cookie_cnt(other)', ctx), '0');
  const cut = contextOf(request('Cookie: msts=36402'));
  assert.equal(fetched('req.rdp_cookie(msts)', cut), undefined);
  assert.equal(cut.needMoreData, true);
  const none = contextOf(request('Something: else entirely\r\n'));
  assert.equal(fetched('req.rdp_cookie(msts)', none), undefined);
  assert.equal(none.needMoreData, false);
});

test('slices and blocks with their own length', () => {
  const ctx = contextOf(Buffer.from('\x00\x03abcdef', 'latin1'));
  assert.equal(fetched('req.payload(2,3)', ctx), 'abc');
  assert.equal(fetched('req.payload_lv(0,2)', ctx), 'abc');
  assert.equal(fetched('req.payload_lv(0,2,+2)', ctx), 'cde');
  assert.equal(fetched('req.payload_lv(0,2,4)', ctx), 'cde');
  assert.equal(fetched('req.payload_lv(0,2,-1),hex', ctx), '036162');
  assert.equal(ctx.needMoreData, false);
  assert.equal(fetched('req.payload(2,30)', ctx), undefined);
  assert.equal(ctx.needMoreData, true);
  assert.equal(fetched('req.payload(2,0)', ctx), 'abcdef');
  assert.equal(ctx.needMoreData, true);
  assert.equal(fetched('req.len', ctx), '8');
  assert.equal(fetched('payload(2,1)', ctx), 'a');
});

test('tokens of distcc are found by name and occurrence, and wait for what has not come', () => {
  const bytes = Buffer.from('DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI0000000aint main;');
  const all = contextOf(bytes);
  assert.equal(fetched('distcc_param(ARGC)', all), '2');
  assert.equal(fetched('distcc_body(ARGV)', all), 'gcc');
  assert.equal(fetched('distcc_body(ARGV,2)', all), '-c');
  assert.equal(fetched('distcc_param(DOTI)', all), '10');
  assert.equal(all.needMoreData, false);
  assert.equal(fetched('distcc_body(DOTI)', all), 'int main;');
  assert.equal(all.needMoreData, true, 'nine of ten bytes');
  assert.equal(fetched('distcc_param(DOTI,2)', all), undefined);
  const cut = contextOf(bytes, 30);
  assert.equal(fetched('distcc_param(DOTI)', cut), undefined);
  assert.equal(cut.needMoreData, true);
  assert.equal(fetched('distcc_param(ARGC)', contextOf(Buffer.from('DIST0000000xARGC00000002'))), undefined);
});

test('a packet of MQTT and a message of FIX are judged when they are whole', () => {
  const mqtt = Buffer.from('101400044d5154540402003c0008746573745f737562', 'hex');
  const valid = 'req.payload(0,0),mqtt_is_valid';
  assert.equal(fetched(valid, contextOf(mqtt)), '1');
  const cut = contextOf(mqtt, 12);
  assert.equal(fetched(valid, cut), undefined);
  assert.equal(cut.needMoreData, true);
  const fix = Buffer.from('8=FIX.4.2\x019=5\x0135=0\x0110=161\x01', 'latin1');
  const whole = contextOf(fix);
  assert.equal(fetched('req.payload(0,0),fix_is_valid', whole), '1');
  assert.equal(whole.needMoreData, false);
  assert.equal(fetched('req.payload(0,0),fix_tag_value(MsgType)', whole), '0');
  assert.equal(fetched('req.payload(0,0),fix_is_valid', contextOf(fix, 20)), undefined);
});
