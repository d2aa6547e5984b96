/** The metrics beside the list of what HAProxy 3.4 gives (test/cases/stats/prometheus.tsv). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newCounters } from '../../../src/dns/counters.ts';
import { ADMIN_FMAINT } from '../../../src/state/server-words.ts';
import { expositionPieces } from '../../../src/stats/prometheus/exposition.ts';
import { nameserverMetrics } from '../../../src/stats/prometheus/module-metrics.ts';
import { parseQuery } from '../../../src/stats/prometheus/query.ts';
import { ConfiguredView } from '../../../src/stats/view.ts';
import { createState, type TestState } from '../../support/state.ts';

const CONFIG = `frontend web
 bind 127.0.0.1:80
 option socket-stats
 description the \\"front\\" door
 default_backend b
backend b
 stick-table type ip size 100
 server s1 127.0.0.1:81 check maxconn 10 maxqueue 5
 server s2 127.0.0.1:82 weight 3
backend t
 mode tcp
 server s1 127.0.0.1:81 agent-check agent-port 9`;

interface Given extends TestState {
  readonly scrape: (target?: string) => string;
}

function given(): Given {
  const state = createState(CONFIG);
  const view = new ConfiguredView(state.config, state.control);
  const scrape = (target = '/metrics'): string => {
    const query = parseQuery(target);
    assert.ok(query !== undefined);
    const nameserver = { resolvers: 'dns', nameserver: 'one', counters: { ...newCounters(), sent: 7 } };
    const told = query.scopes.has('resolver') ? nameserverMetrics([nameserver], query.wants) : '';
    return [...expositionPieces(view, query), told].join('');
  };
  return { ...state, scrape };
}

interface Seen {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

/** Families in the order they come; fails where one is told in two pieces. */
function familiesOf(text: string): Map<string, Seen> {
  const families = new Map<string, Seen>();
  let current = '';
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'TYPE') {
      assert.ok(!families.has(name), `${name} is told twice`);
      families.set(name, { type: rest, labels: new Set(labelsIn(text, name)) });
      current = name;
    } else if (kind === undefined) assert.ok(line.startsWith(current), `${line} is not of ${current}`);
  }
  return families;
}

function labelsIn(text: string, name: string): string[] {
  const line = text.split('\n').find(one => one.startsWith(`${name}{`)) ?? '';
  return [...line.matchAll(/([a-z]+)="/g)].map(([, label = '']) => label);
}

test('every metric of HAProxy is there under its name, with its type and labels, in one piece', () => {
  const { scrape, writer } = given();
  writer.publishCheck(0, 'check', { status: 'L7OK', code: 200, durationMs: 2 });
  writer.publishCheck(2, 'agent', { status: 'L7OK', code: 0, durationMs: 1 });
  const families = familiesOf(scrape('/metrics?extra-counters'));
  const rows = readFileSync('test/cases/stats/prometheus.tsv', 'utf8').trimEnd().split('\n').slice(1);
  for (const [name = '', type, labels = ''] of rows.map(line => line.split('\t'))) {
    if (name === 'haproxy_process_description') continue;
    const family = families.get(name);
    assert.ok(family !== undefined, `${name} is missing`);
    assert.equal(family.type, type, name);
    assert.deepEqual([...family.labels], labels === '' ? [] : labels.split(','), name);
  }
});

test('nothing is told beyond what HAProxy tells', () => {
  const known = new Set(
    readFileSync('test/cases/stats/prometheus.tsv', 'utf8')
      .split('\n')
      .map(line => line.split('\t')[0]),
  );
  for (const name of familiesOf(given().scrape()).keys()) assert.ok(known.has(name), name);
});

test('every state is told, the one that holds as 1', () => {
  const { scrape, writer } = given();
  writer.setAdmin(1, ADMIN_FMAINT, 0);
  const text = scrape();
  assert.match(text, /^haproxy_server_status\{proxy="b",server="s2",state="MAINT"\} 1$/m);
  assert.match(text, /^haproxy_server_status\{proxy="b",server="s2",state="UP"\} 0$/m);
  assert.match(text, /^haproxy_backend_status\{proxy="b",state="UP"\} 1$/m);
  assert.match(text, /^haproxy_backend_agg_server_status\{proxy="b",state="MAINT"\} 1$/m);
  assert.match(text, /^haproxy_listener_status\{proxy="web",listener="sock-1",state="OPEN"\} 1$/m);
});

test('times are in seconds, and what there is not is NaN', () => {
  const { scrape, writer } = given();
  writer.publishCheck(0, 'check', { status: 'L4OK', durationMs: 12 });
  const text = scrape();
  assert.match(text, /^haproxy_server_check_duration_seconds\{proxy="b",server="s1"\} 0\.012000$/m);
  assert.match(text, /^haproxy_server_limit_sessions\{proxy="b",server="s2"\} NaN$/m);
  assert.match(text, /^haproxy_server_limit_sessions\{proxy="b",server="s1"\} 10$/m);
  assert.doesNotMatch(text, /haproxy_server_check_status\{proxy="b",server="s2"/);
});

test('HTTP metrics are told of HTTP proxies only', () => {
  const text = given().scrape();
  assert.match(text, /^haproxy_backend_http_responses_total\{proxy="b",code="5xx"\} 0$/m);
  assert.doesNotMatch(text, /haproxy_backend_http_responses_total\{proxy="t"/);
});

test('scopes are read in their order, an empty one takes back those before', () => {
  const { scrape } = given();
  const kinds = (target: string): string[] => [
    ...new Set([...scrape(target).matchAll(/^haproxy_([a-z]+)_/gm)].map(([, kind = '']) => kind)),
  ];
  assert.deepEqual(kinds('/metrics?scope=server'), ['server']);
  assert.deepEqual(kinds('/metrics?scope=backend&scope=frontend'), ['frontend', 'backend']);
  assert.deepEqual(kinds('/metrics?scope=*&scope=&scope=global'), ['process']);
  assert.deepEqual(kinds('/metrics?scope='), []);
  assert.deepEqual(kinds('/metrics?scope=sticktable'), ['sticktable']);
  assert.deepEqual(kinds('/metrics?scope=resolver'), ['resolver']);
});

test('metrics are chosen by name, or left out with a minus', () => {
  const { scrape } = given();
  const one = scrape('/metrics?metrics=haproxy_server_weight,haproxy_process_nbthread');
  assert.deepEqual([...familiesOf(one).keys()], ['haproxy_process_nbthread', 'haproxy_server_weight']);
  const others = familiesOf(scrape('/metrics?metrics=-haproxy_server_weight'));
  assert.ok(!others.has('haproxy_server_weight') && others.has('haproxy_server_uweight'));
});

test('servers in maintenance can be left out, descriptions told as labels', () => {
  const { scrape, writer } = given();
  writer.setAdmin(0, ADMIN_FMAINT, 0);
  assert.doesNotMatch(scrape('/metrics?no-maint'), /server="s1".*proxy="b"|proxy="b",server="s1"/);
  const described = scrape('/metrics?desc-labels&metrics=haproxy_frontend_sessions_total');
  assert.match(described, /\{proxy="web",desc="the \\"front\\" door"\} 0$/m);
});

test('a query that makes no sense is refused', () => {
  for (const query of ['scope', 'scope=nothing', 'metrics', 'a=b=c', 'scope=%zz'])
    assert.equal(parseQuery(`/metrics?${query}`), undefined, query);
});
