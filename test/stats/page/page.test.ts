import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseActionForm } from '../../../src/stats/page/action-form.ts';
import { elementName, escapeHtml, grouped, shortBytes, shortTime } from '../../../src/stats/page/html.ts';
import { LiveEvents } from '../../../src/stats/page/events.ts';
import { parseTarget, targetText } from '../../../src/stats/page/target.ts';
import { FIELD } from '../../../src/state/counter-fields.ts';
import { ConfiguredView } from '../../../src/stats/view.ts';
import { createState } from '../../support/state.ts';

test('numbers are told as people read them', () => {
  assert.deepEqual([0, 9999, 1234567].map(grouped), ['0', '9999', '1\u202f234\u202f567']);
  assert.deepEqual([999, 1234, 56789, 999_999_999].map(shortBytes), ['999', '1.23K', '56.8K', '1000M']);
  assert.deepEqual([5, 65, 3725, 90_061].map(shortTime), ['5s', '1m', '1h2m', '1d1h']);
});

test('nothing of a name becomes markup', () => {
  assert.equal(escapeHtml(`<a href="x">'&'</a>`), '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
  assert.equal(elementName('a b:c'), 'a.20b.3ac');
});

test('an address asks for a form, filters and a scope in any order', () => {
  const target = parseTarget(';up?scope=Shop;csv;norefresh;no-maint');
  assert.deepEqual(target, {
    form: 'csv',
    hideDown: true,
    hideMaintenance: true,
    noRefresh: true,
    outcome: undefined,
    scope: 'Shop',
  });
  assert.equal(parseTarget(';json;json-schema').form, 'schema');
  assert.equal(parseTarget(';st=DONE').outcome, 'DONE');
  assert.equal(parseTarget(';st=what').outcome, 'UNKN');
  assert.equal(parseTarget('?scope=<script>').scope, '');
});

test('a link to the page keeps what was asked for', () => {
  const wishes = { hideDown: true, noRefresh: true, scope: 'b' };
  assert.equal(targetText('/stats', wishes, ';csv'), '/stats;csv;up;norefresh?scope=b');
  assert.equal(targetText('/haproxy?stats', { scope: 'b' }), '/haproxy?stats&scope=b');
});

test('the last backend and action of a form count, and every server', () => {
  const form = parseActionForm('s=a&s=b+c&action=drain&action=maint&b=%234');
  assert.deepEqual(form, { backend: '#4', action: 'maint', servers: ['a', 'b c'] });
  assert.equal(parseActionForm('s=a&action=fly&b=x'), 'invalid');
  assert.equal(parseActionForm('s=%zz&action=maint&b=x'), 'invalid');
  assert.equal(parseActionForm(''), undefined);
});

test('events tell all rows once, then those that changed, when the time has come', async () => {
  const { config, control } = createState('backend b\n server s1 127.0.0.1:80\n server s2 127.0.0.1:80');
  const view = new ConfiguredView(config, control);
  let closed = 0;
  const events = new LiveEvents(view, {}, 10, () => closed++);
  const round = async (): Promise<string> => {
    let text = '';
    for (;;) {
      const later = new Promise<void>(resolve => {
        const piece = events.next(resolve);
        if (piece === 'later') text += '|';
        else {
          text += String(piece);
          resolve();
        }
      });
      await later;
      if (text.endsWith('|')) return text;
    }
  };
  assert.match(await round(), /"S2\.1":.*"S2\.2":.*"B2\.0":/);
  control.counters.add(control.counters.server(1), FIELD.econ, 1);
  const second = await round();
  assert.match(second, /"S2\.2":/);
  assert.doesNotMatch(second, /"S2\.1":\["nocheck",\[0,0,1/);
  events.close();
  assert.equal(closed, 1);
});
