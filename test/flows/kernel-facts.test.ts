/** Samples that ask the kernel about a connection, through the running program on both engines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

function headerOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*?)\\r?$`, 'mi').exec(answer)?.[1];
}

for (const engine of ['node', 'auto'])
  test(`counters of TCP and the saved SYN are what the kernel says, engine ${engine}`, async t => {
    const origin = await startHttpOrigin(t, 'one');
    const port = await freePort();
    await startBalancer(
      t,
      `global
  tune.engine ${engine}
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen f
  bind 127.0.0.1:${port} tcp-ss 1
  tcp-request connection set-var(sess.syn) fc_saved_syn
  http-response set-header x-rtt "%[fc_rtt(us)] %[fc_rtt] %[fc_rttvar(us)] %[bc_rtt(us)] %[bc_rttvar]"
  http-response set-header x-counters "%[fc_retrans] %[fc_lost] %[fc_sacked] %[fc_fackets] %[fc_unacked] %[fc_reordering]"
  http-response set-header x-syn "%[var(sess.syn),ip.src] %[var(sess.syn),ip.data,tcp.dst] %[var(sess.syn),ip.data,tcp.flags]"
  http-response set-header x-print "%[var(sess.syn),ip.fp,hex]"
  http-response set-header x-cpu "%[cpu_usage_thr] %[term_events] %[internal.strm.is_htx]"
  server s 127.0.0.1:${origin.port}
`,
    );
    const answer = await exchangeRaw(port, GET);
    assert.match(headerOf(answer, 'x-rtt') ?? '', /^[1-9]\d* \d+ \d+ [1-9]\d* \d+$/);
    assert.match(headerOf(answer, 'x-counters') ?? '', /^0 0 0 0 \d+ \d+$/);
    assert.equal(headerOf(answer, 'x-syn'), `127.0.0.1 ${port} 2`);
    assert.match(headerOf(answer, 'x-print') ?? '', /^00[57]0[0-9A-F]{12}$/);
    assert.match(headerOf(answer, 'x-cpu') ?? '', /^\d{1,3} \{-,-,-,-,-,-,-\} 1$/);
  });
