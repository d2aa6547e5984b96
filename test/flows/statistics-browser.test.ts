/** The statistics page in a real browser: it lives, filters, can be used by everybody, and does without its script. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { axeScript, openChromium, type BrowserPage, type Chromium } from '../support/chromium.ts';
import { freePorts } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';

interface Given {
  readonly browser: Chromium;
  readonly url: string;
  /** Sends requests through the balancer. */
  readonly traffic: (count: number) => Promise<void>;
}

async function given(t: TestContext): Promise<Given | undefined> {
  const browser = await openChromium(t);
  if (browser === undefined) return undefined;
  const origin = await startHttpOrigin(t, 'one');
  const [web = 0, stats = 0] = await freePorts(2);
  await startBalancer(
    t,
    `global
  nbthread 2
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:${web}
  default_backend app
frontend stats
  bind 127.0.0.1:${stats}
  stats enable
  stats uri /
  stats show-legends
  stats admin if TRUE
backend app
  description "What <people> see"
  server one ${origin.address} check inter 100ms
  server two 127.0.0.1:9 check inter 100ms
  server three ${origin.address} disabled
backend other
  server four ${origin.address}
`,
  );
  const traffic = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) await (await fetch(`http://127.0.0.1:${web}/`)).text();
  };
  return { browser, url: `http://127.0.0.1:${stats}/`, traffic };
}

const LIVE = `document.getElementById('live').className.includes('on')`;
const CHARTS = `document.querySelectorAll('#app .charts svg').length === 5`;

/** The page's own policy forbids it to evaluate text, so it is asked from outside until it says yes. */
async function until(page: BrowserPage, condition: string, withinMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50))
    if ((await page.evaluate(`Boolean(${condition})`)) === true) return;
  throw new Error(`never true: ${condition}`);
}

function shownServers(page: BrowserPage): Promise<unknown> {
  return page.evaluate(
    `[...document.querySelectorAll('tr.server')].filter(row => row.offsetParent !== null).map(row => row.querySelector('.name button').textContent)`,
  );
}

test('the statistics page in a browser', async t => {
  const setting = await given(t);
  if (setting === undefined) return;
  await t.test('the page follows the balancer without a reload, and draws what it saw', async () => {
    const { page, complaints } = await setting.browser.open();
    await page.goto(setting.url);
    await until(page, LIVE);
    await setting.traffic(5);
    await until(
      page,
      `[...document.querySelectorAll('#B4\\\\.0 td')].some(cell => cell.textContent === '5')`,
    );
    await page.evaluate(`document.getElementById('app').scrollIntoView()`);
    await until(page, CHARTS);
    await until(page, `document.querySelectorAll('#app td.spark svg').length === 4`);
    assert.deepEqual(complaints, []);
  });

  await t.test(
    'names and states can be filtered, from the keyboard too, and a reload keeps the filter',
    async () => {
      const { page, complaints } = await setting.browser.open();
      await page.goto(setting.url);
      await until(page, LIVE);
      await page.keyboard.press('/');
      await page.keyboard.type('fou');
      assert.deepEqual(await shownServers(page), ['four']);
      assert.equal(await page.evaluate(`document.getElementById('count').textContent`), '1 server shown');
      await page.goto(String(await page.evaluate('location.href')));
      await until(page, LIVE);
      assert.deepEqual(await shownServers(page), ['four']);
      await page.keyboard.press('/');
      await page.keyboard.press('Escape');
      await page.click('[data-filter=maint]');
      await page.click('[data-filter=nocheck]');
      assert.ok(!String(await shownServers(page)).match(/three|four/));
      assert.deepEqual(complaints, []);
    },
  );

  await t.test('a row opens to its charts and all of its numbers', async () => {
    const { page, complaints } = await setting.browser.open();
    await page.goto(setting.url);
    await until(page, LIVE);
    await page.evaluate(`document.querySelector('#S4\\\\.1 button').focus()`);
    await page.keyboard.press('Enter');
    await until(page, `document.querySelector('tr.more dl')?.textContent.includes('check_health')`);
    assert.equal(await page.evaluate(`document.querySelectorAll('tr.more figure').length`), 5);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(`document.querySelector('tr.more')`), null);
    assert.deepEqual(complaints, []);
  });

  await t.test('an administrator chooses servers and acts on them', async () => {
    const { page, complaints } = await setting.browser.open();
    await page.goto(setting.url);
    await page.check('#app input[value=one]');
    await page.selectOption('#app select', 'drain');
    await page.click('#app button[type=submit]');
    await until(page, `document.querySelector('.outcome')?.textContent.includes('successfully')`);
    assert.equal(await page.evaluate(`document.querySelector('#S4\\\\.1').dataset.state`), 'drain');
    assert.deepEqual(complaints, []);
  });

  await t.test('without its script the page is a plain table with links and forms', async () => {
    const { page } = await setting.browser.open({ javaScriptEnabled: false });
    await page.goto(setting.url);
    await page.check('#app input[value=two]');
    await page.selectOption('#app select', 'maint');
    await page.click('#app button[type=submit]');
    const answer = await (await fetch(`${setting.url};csv`)).text();
    assert.match(answer, /^app,two,.*,MAINT,/m);
  });

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1400, 390])
      await t.test(`everybody can use it: ${colorScheme}, ${width} pixels wide`, async () => {
        const { page, complaints } = await setting.browser.open({
          viewport: { width, height: 900 },
          colorScheme,
        });
        await page.goto(setting.url);
        await page.evaluate(`document.getElementById('app').scrollIntoView()`);
        await until(page, CHARTS);
        await page.click('#S4\\.1 button');
        await until(page, `document.querySelector('tr.more dl')?.textContent.includes('check_health')`);
        const violations = await page.evaluate(
          `${axeScript()}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).slice(0, 3).join(' ')))`,
        );
        assert.deepEqual(violations, []);
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth > innerWidth'),
          false,
          'the page as a whole scrolls sideways',
        );
        assert.deepEqual(complaints, []);
      });
});
