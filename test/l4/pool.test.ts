/** Which servers of a pool count, and when its quorum is lost and gained. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parseKeepalived } from '../../src/config-parser/keepalived/parse.ts';
import { bad, type CheckResult } from '../../src/l4/checkers/check.ts';
import { changeServer, changeWeight, newPool, serverStates, type Pool } from '../../src/l4/pool.ts';
import { mailWords } from '../../src/l4/mail-words.ts';
import { Neighbours } from '../../src/l4/neighbours.ts';
import { PoolKeeper } from '../../src/l4/pool-keeper.ts';
import { isHere } from '../../src/l4/presence.ts';
import { nameOf } from '../../src/l4/resolve-services.ts';
import type { Target } from '../../src/l4/service.ts';
import type { Checker, VirtualServer } from '../../src/model/virtual-server.ts';

function virtualServer(words: string, serverWords = '', last = '', retry = 0): VirtualServer {
  const servers = [1, 2, 3].map(
    number =>
      `real_server 10.0.0.${number} 80 {\n ${serverWords}\n ${number === 3 ? last : ''}\n TCP_CHECK {\n retry ${retry}\n }\n}`,
  );
  const sessions = ['one', 'two'].map(name => `bfd_instance ${name} {\n neighbor_ip 10.0.0.9\n}\n`);
  const text = `${sessions.join('')}virtual_server 10.1.1.1 80 {\n protocol TCP\n${words}\n${servers.join('\n')}\n}\n`;
  const { config } = parseKeepalived('x.conf', {
    read: () => text,
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
  });
  return config.virtualServers[0] as VirtualServer;
}

function said(config: VirtualServer, steps: readonly (readonly [index: number, up: boolean])[]): string[] {
  let pool: Pool = newPool(config);
  return steps.map(([index, up]) => {
    const after = changeServer(config, pool, index, up);
    pool = after.pool;
    return after.changes.map(change => `${change.kind} ${change.up ? 'up' : 'down'}`).join(', ');
  });
}

test('a quorum is lost below itself less hysteresis, and gained at itself and hysteresis', () => {
  const config = virtualServer('quorum 2\n hysteresis 1');
  const steps = [
    [0, false],
    [1, false],
    [2, false],
    [0, true],
    [1, true],
    [2, true],
  ] as const;
  assert.deepEqual(said(config, steps), [
    'server down',
    'server down',
    'server down, quorum down',
    'server up',
    'server up',
    'server up, quorum up',
  ]);
});

test('what is known already changes nothing', () => {
  const config = virtualServer('');
  const pool = newPool(config);
  assert.equal(changeServer(config, pool, 0, true).pool, pool);
});

test('a failed server is gone, or with inhibit_on_failure without weight', () => {
  const config = virtualServer('', 'inhibit_on_failure', 'inhibit_on_failure off');
  let pool = newPool(config);
  for (const index of [0, 2]) pool = changeServer(config, pool, index, false).pool;
  assert.deepEqual(serverStates(config, pool), [
    { weight: 0, gone: false },
    { weight: 1, gone: false },
    { weight: 0, gone: true },
  ]);
});

test('alpha: servers wait for their first check, and the quorum for them', () => {
  const config = virtualServer('alpha');
  const pool = newPool(config);
  assert.deepEqual([pool.alive, pool.hasQuorum], [[false, false, false], false]);
  assert.deepEqual(said(config, [[1, true]]), ['server up, quorum up']);
});

/** A pool whose checks say what `good` says, a round at a time. */
class CheckedPool {
  readonly good = [true, true, true];
  /** Of programs by path, and of files by name; each has its own words for weights. */
  readonly results: Record<string, CheckResult> = {};
  readonly said: string[] = [];
  readonly neighbours = new Neighbours();
  readonly keeper: PoolKeeper;
  #due: (() => void)[] = [];

  constructor(
    config: VirtualServer,
    { noCheckerEmails = false, rsInitNotifies = false, checked = true } = {},
    before?: CheckedPool,
    atOnce: Record<string, CheckResult> = {},
  ) {
    const server = {
      id: 'vs0',
      family: 4,
      protocol: 'tcp',
      targets: [],
      method: 'NAT',
      scheduler: 'rr',
    } as const;
    const service = { ...server, name: nameOf(config), hashesPort: false, servers: [] };
    const check = ({ connectIp }: Checker): Promise<CheckResult> =>
      Promise.resolve(this.good[Number(connectIp.at(-1)) - 1] === true ? { ok: true } : bad('no'));
    const program = ({ misc }: Checker): Promise<CheckResult> =>
      Promise.resolve(this.results[misc?.script.argv[0] ?? ''] ?? { ok: true, weight: 0 });
    const file = ({ file: tracked }: Checker): Promise<CheckResult> =>
      Promise.resolve(this.results[tracked?.trackFile ?? ''] ?? { ok: true });
    this.keeper = new PoolKeeper(
      { config, service },
      {
        checks: () => (checked ? { TCP_CHECK: check, MISC_CHECK: program, FILE_CHECK: file } : {}),
        atOnce: ({ file: tracked }) => atOnce[tracked?.trackFile ?? ''],
        neighbours: this.neighbours,
        after: (_, callback) => {
          this.#due.push(callback);
          return () => {};
        },
        random: () => 0,
        log: () => {},
        notify: ({ argv }) => void this.said.push(`run ${argv.join(' ')}`),
        events: {
          line: text => void this.said.push(text),
          mail: (subject, body) => void this.said.push(`mail ${subject}: ${body}`),
        },
        manners: () => ({ noCheckerEmails, rsInitNotifies }),
      },
      () => {},
      before?.keeper,
    );
  }

  /** Every check once; what was said because of it. */
  async round(): Promise<string[]> {
    const due = this.#due;
    this.#due = [];
    for (const callback of due) callback();
    await setImmediate();
    return this.said.splice(0);
  }
}

test('BFD_CHECK: a server lives as its session says, and until that has said anything as it lived before', async () => {
  const config = virtualServer('', '', 'BFD_CHECK {\n name one\n}\nBFD_CHECK {\n name two\n}');
  const pool = new CheckedPool(config);
  const told = (): string[] => pool.said.splice(0).flatMap(line => /^RS \S+ \S+ (.*)/.exec(line)?.[1] ?? []);
  pool.neighbours.hear('one', false);
  assert.deepEqual(told(), []);
  pool.keeper.start();
  assert.deepEqual(told(), ['DOWN']);
  pool.neighbours.hear('two', false);
  pool.neighbours.hear('one', true);
  assert.deepEqual(told(), []);
  pool.neighbours.hear('two', true);
  assert.deepEqual(told(), ['UP']);
  pool.keeper.stop();
  pool.said.length = 0;
  pool.neighbours.hear('one', false);
  assert.deepEqual(pool.said, []);
});

test('ha_suspend: while the address is elsewhere nobody checks, and servers stay what they were', async () => {
  const pool = new CheckedPool(virtualServer('ha_suspend'));
  pool.keeper.start();
  pool.said.length = 0;
  pool.good.fill(false);
  assert.deepEqual(await pool.round(), []);
  pool.keeper.suspend(false);
  assert.equal((await pool.round()).filter(line => line.endsWith('DOWN')).length, 4);
  pool.keeper.suspend(true);
  pool.good.fill(true);
  assert.deepEqual(await pool.round(), []);
});

test('an address is here when it is one of this host, in whatever form it is written', () => {
  const target = (first: string, last = first): Target => ({ kind: 'address', first, last, port: 80 });
  const own = ['127.0.0.1', '10.0.0.7', '2001:db8::a'];
  assert.ok(isHere([target('10.0.0.7')], own));
  assert.ok(isHere([target('10.0.0.1'), target('2001:DB8:0::A')], own));
  assert.ok(isHere([target('10.0.0.5', '10.0.0.9')], own));
  assert.ok(!isHere([target('10.0.0.8', '10.0.0.9'), target('2001:db8::b')], own));
});

test('alpha does not wait for checks that are not run', () => {
  const { keeper } = new CheckedPool(virtualServer('alpha'), { checked: false });
  assert.deepEqual(
    keeper.states.map(({ gone }) => gone),
    [false, false, false],
  );
});

test('alpha: a server whose first check fails is told of as down, once', async () => {
  const pool = new CheckedPool(virtualServer('alpha', 'notify_down /bin/down'));
  pool.good[0] = false;
  pool.keeper.start();
  assert.deepEqual(pool.said, []);
  const told = await pool.round();
  assert.deepEqual(
    told.filter(line => line.includes('10.0.0.1') || line.startsWith('run')),
    ['RS [10.0.0.1]:tcp:80 [10.1.1.1]:tcp:80 DOWN', 'run /bin/down'],
  );
  assert.deepEqual(await pool.round(), []);
});

test('a sorry server that serves from the start, or from a reload on, is told of as a lost quorum, once', () => {
  const sorry = 'sorry_server 10.0.0.9 80';
  const lost = (pool: CheckedPool): string[] => {
    pool.keeper.start();
    return pool.said.splice(0).filter(line => line.startsWith('VS'));
  };
  const first = new CheckedPool(virtualServer(`alpha\n ${sorry}`));
  assert.deepEqual(lost(first), ['VS [10.1.1.1]:tcp:80 DOWN']);
  assert.deepEqual(lost(new CheckedPool(virtualServer(`alpha\n omega\n ${sorry}`), {}, first)), []);
  const without = new CheckedPool(virtualServer('alpha'), {}, first);
  assert.deepEqual(lost(without), []);
  const again = new CheckedPool(virtualServer(`alpha\n ${sorry}`), {}, without);
  assert.deepEqual(lost(again), ['VS [10.1.1.1]:tcp:80 DOWN']);
});

test('a quorum that could not be gained is none from the start, whoever is alive; between its thresholds nobody gains it', () => {
  const config = virtualServer('quorum 2\n hysteresis 1', '', 'weight 0');
  const pool = new CheckedPool(config);
  pool.keeper.start();
  assert.deepEqual(pool.said, []);
  assert.equal(pool.keeper.hasQuorum, false);
  assert.equal(newPool(virtualServer('quorum 2\n hysteresis 1')).hasQuorum, true);
});

test('what a file says holds from the start, and is not told of', async () => {
  const config = virtualServer('', '', 'FILE_CHECK {\n track_file f\n}');
  const heavy = new CheckedPool(config, {}, undefined, { f: { ok: true, added: 8 } });
  assert.deepEqual(weightsOf(heavy), [1, 1, 9]);
  const dead = new CheckedPool(config, {}, undefined, { f: bad('no') });
  dead.results.f = bad('no');
  assert.deepEqual(dead.keeper.view.alive, [true, true, false]);
  dead.keeper.start();
  dead.said.length = 0;
  assert.deepEqual(await dead.round(), []);
  dead.results.f = { ok: true };
  assert.equal((await dead.round())[0], 'RS [10.0.0.3]:tcp:80 [10.1.1.1]:tcp:80 UP');
});

test('omega: a stop tells of each virtual server as down, with a quorum or without', () => {
  for (const words of ['omega', 'omega\n alpha']) {
    const { keeper, said: told } = new CheckedPool(virtualServer(words));
    keeper.start();
    told.length = 0;
    keeper.stop();
    assert.deepEqual(told.at(-1), 'VS [10.1.1.1]:tcp:80 DOWN');
  }
});

test('alpha: a failed check is told of, whatever others of the server have said before', async () => {
  const pool = new CheckedPool(virtualServer('alpha', 'MISC_CHECK {\n misc_path /bin/a\n}'));
  pool.keeper.start();
  pool.results['/bin/a'] = bad('no');
  assert.equal((await pool.round()).filter(line => line.endsWith(' DOWN')).length, 3);
  pool.results['/bin/a'] = { ok: true };
  assert.equal((await pool.round()).filter(line => /^RS .* UP$/.test(line)).length, 3);
  pool.results['/bin/a'] = bad('no');
  assert.equal((await pool.round()).filter(line => /^RS .* DOWN$/.test(line)).length, 3);
});

test('alpha: one that fails where nothing was awaited of it tells nothing more of a server that is not up yet', async () => {
  const words = (path: string, more = ''): string => `MISC_CHECK {\n misc_path ${path}\n ${more}\n}\n`;
  const pool = new CheckedPool(virtualServer('', '', words('/bin/a') + words('/bin/b', 'alpha')));
  pool.results['/bin/a'] = bad('no');
  pool.keeper.start();
  const lines = [...(await pool.round()), ...(await pool.round())];
  assert.deepEqual(
    lines.filter(line => line.startsWith('RS')),
    [],
  );
});

test('a reload tells of what is no more: servers that the next one does not have, or all of it', async () => {
  const words = 'quorum 2\n quorum_down /bin/lost';
  const config = virtualServer(words);
  const before = new CheckedPool(config);
  before.keeper.start();
  before.good[0] = false;
  await before.round();
  const fewer = { ...config, realServers: config.realServers.slice(0, 2) };
  const next = new CheckedPool(fewer, {}, before);
  before.keeper.giveWayTo(next.keeper);
  next.keeper.start();
  assert.deepEqual(before.said, ['RS [10.0.0.3]:tcp:80 [10.1.1.1]:tcp:80 DOWN']);
  assert.deepEqual(next.said.splice(0), ['VS [10.1.1.1]:tcp:80 DOWN', 'run /bin/lost']);
  next.keeper.giveWayTo(undefined);
  assert.deepEqual(next.said, ['RS [10.0.0.2]:tcp:80 [10.1.1.1]:tcp:80 DOWN']);
  const whole = new CheckedPool(config);
  whole.keeper.start();
  whole.said.length = 0;
  whole.keeper.giveWayTo(undefined);
  assert.deepEqual(whole.said.slice(3), ['VS [10.1.1.1]:tcp:80 DOWN', 'run /bin/lost']);
});

test('a weight that a program has said stays over a reload, as long as there is such a program', async () => {
  const config = virtualServer('', 'weight 5\n MISC_CHECK {\n misc_path /bin/x\n misc_dynamic\n}');
  const before = new CheckedPool(config);
  before.keeper.start();
  await before.round();
  const weights = (pool: CheckedPool): number[] => pool.keeper.states.map(({ weight }) => weight);
  assert.deepEqual(weights(before), [0, 0, 0]);
  const next = new CheckedPool({ ...config, smtpAlert: true }, {}, before);
  assert.deepEqual(weights(next), [0, 0, 0]);
  const without = config.realServers.map(server => ({ ...server, checkers: [] }));
  assert.deepEqual(weights(new CheckedPool({ ...config, realServers: without }, {}, next)), [5, 5, 5]);
});

const TWO_PROGRAMS =
  'weight 5\n MISC_CHECK {\n misc_path /bin/a\n misc_dynamic\n}\n MISC_CHECK {\n misc_path /bin/b\n misc_dynamic\n}\n' +
  ' FILE_CHECK {\n track_file f\n}';

function weightsOf({ keeper }: CheckedPool): number[] {
  return keeper.view.weights.slice();
}

test('a weight is its own and what each check adds; a failed check, and one that says nothing more, add nothing', async () => {
  const pool = new CheckedPool(virtualServer('', '', TWO_PROGRAMS));
  pool.results['/bin/a'] = { ok: true, weight: 8 };
  pool.results['/bin/b'] = { ok: true, weight: 1 };
  pool.results.f = { ok: true, added: 4 };
  pool.keeper.start();
  await pool.round();
  assert.deepEqual(weightsOf(pool), [1, 1, 5 + 3 - 4 + 4]);
  pool.results['/bin/b'] = bad('no');
  await pool.round();
  assert.deepEqual(weightsOf(pool), [1, 1, 5 + 3 + 4]);
  pool.results['/bin/a'] = { ok: true };
  pool.results['/bin/b'] = { ok: true };
  await pool.round();
  assert.deepEqual(weightsOf(pool), [1, 1, 5 + 4]);
  pool.results.f = { ok: true, added: -20 };
  await pool.round();
  assert.deepEqual(weightsOf(pool), [1, 1, 0]);
});

test('over a reload each check keeps what it knows, and a server comes back when what had failed checks it no more', async () => {
  const words = ' MISC_CHECK {\n misc_path /bin/a\n}\n';
  const before = new CheckedPool(virtualServer('', '', words));
  before.results['/bin/a'] = bad('no');
  before.keeper.start();
  await before.round();
  assert.deepEqual(before.keeper.view.failedChecks, [0, 0, 1]);
  const same = new CheckedPool(virtualServer('quorum 2', '', words), {}, before);
  assert.deepEqual(same.keeper.view.failedChecks, [0, 0, 1]);
  const without = new CheckedPool(virtualServer(''), {}, same);
  without.keeper.start();
  assert.deepEqual(without.said, ['RS [10.0.0.3]:tcp:80 [10.1.1.1]:tcp:80 UP']);
});

test('alpha: a new check takes no living server down, but does not bring a dead one back, either', async () => {
  const added = 'MISC_CHECK {\n misc_path /bin/a\n alpha\n}';
  const before = new CheckedPool(virtualServer(''));
  before.good[2] = false;
  before.keeper.start();
  await before.round();
  const next = new CheckedPool(virtualServer('', added), {}, before);
  assert.deepEqual(next.keeper.view.alive, [true, true, false]);
  assert.deepEqual(next.keeper.view.failedChecks, [0, 0, 2]);
  const first = new CheckedPool(virtualServer('', added));
  assert.deepEqual(first.keeper.view.failedChecks, [1, 1, 1]);
});

test('a check that a reload brings is tried once, the others go on with their tries', async () => {
  const before = new CheckedPool(virtualServer('', '', '', 2));
  before.keeper.start();
  await before.round();
  before.good.fill(false);
  await before.round();
  const next = new CheckedPool(virtualServer('', '', 'MISC_CHECK {\n misc_path /bin/a\n}', 2), {}, before);
  next.good.fill(false);
  next.results['/bin/a'] = bad('no');
  next.keeper.start();
  const down = async (): Promise<number[]> =>
    (await next.round()).flatMap(line => /^RS .*?(\d)\].* DOWN$/.exec(line)?.[1] ?? []).map(Number);
  assert.deepEqual(await down(), [3]);
  assert.deepEqual(await down(), [1, 2]);
});

test('between its thresholds a quorum stays lost over a reload', async () => {
  const config = virtualServer('quorum 2\n hysteresis 1\n delay_loop 1');
  const before = new CheckedPool(config);
  before.good.fill(false);
  before.keeper.start();
  await before.round();
  before.good.fill(true, 1);
  await before.round();
  assert.equal(before.keeper.hasQuorum, false);
  const next = new CheckedPool({ ...config, smtpAlert: true }, {}, before);
  next.keeper.start();
  assert.deepEqual(next.said, []);
  assert.equal(next.keeper.hasQuorum, false);
});

test("servers and services have keepalived's names", () => {
  const service = virtualServer('').service;
  assert.equal(nameOf({ ...virtualServer(''), service }), '[10.1.1.1]:tcp:80');
  assert.equal(nameOf({ ...virtualServer(''), service: { kind: 'group', name: 'G' } }), '[G]:0');
  assert.equal(nameOf({ ...virtualServer(''), service: { kind: 'fwmark', fwmark: 9 } }), 'FWM 9');
});

test("pipes, programs and mail hear of servers and of the quorum, in keepalived's words", async () => {
  const pool = new CheckedPool(
    virtualServer(
      'quorum 3\n smtp_alert\n quorum_up /bin/gained\n quorum_down /bin/lost',
      'notify_down /bin/gone',
    ),
  );
  pool.keeper.start();
  assert.deepEqual(pool.said.splice(0), [
    'VS [10.1.1.1]:tcp:80 UP',
    'run /bin/gained',
    'mail Virtualserver [10.1.1.1]:tcp:80 - UP: => Starting with quorum up 3+0=3 <= 3 <=',
  ]);
  assert.deepEqual(await pool.round(), []);
  pool.good[1] = false;
  assert.deepEqual(await pool.round(), [
    'RS [10.0.0.2]:tcp:80 [10.1.1.1]:tcp:80 DOWN',
    'run /bin/gone',
    'VS [10.1.1.1]:tcp:80 DOWN',
    'run /bin/lost',
    'mail Virtualserver [10.1.1.1]:tcp:80 - DOWN: => Lost quorum 3-0=3 > 2 <=',
    'mail Realserver [10.0.0.2]:tcp:80 of virtual server [10.1.1.1]:tcp:80 - DOWN: => TCP CHECK failed on service <=',
  ]);
  assert.deepEqual(await pool.round(), []);
});

test('mail has words of its own for each kind of check', () => {
  const words = (text: string): string[] => {
    const checker = virtualServer('', '', text).realServers[2]?.checkers[0] as Checker;
    return [mailWords(checker), mailWords(checker, 'timeout')];
  };
  const of = (kind: string, more = ''): string[] => words(`${kind} {\n ${more}\n}`);
  assert.deepEqual(of('HTTP_GET', 'url {\n path /\n}'), [
    'CHECK succeed on service',
    'CHECK failed on service : HTTP/SSL request failed',
  ]);
  assert.deepEqual(of('MISC_CHECK', 'misc_path /bin/a'), [
    'MISC CHECK succeeded on service',
    'MISC CHECK timed out on service',
  ]);
  assert.deepEqual(of('SMTP_CHECK'), ['CHECK succeed on service', 'CHECK failed on service : timeout']);
  assert.deepEqual(of('PING_CHECK'), ['ICMP CHECK succeed on service', 'ICMP CHECK failed on service']);
  assert.deepEqual(of('DNS_CHECK'), ['DNS_CHECK: succeed on service', 'DNS_CHECK: failed on service']);
  assert.deepEqual(of('BFD_CHECK', 'name one'), [
    'BFD CHECK one succeeded on service',
    'BFD CHECK one failed on service',
  ]);
});

test('no_checker_emails: mail only where a server comes or goes, not for each of its checkers', async () => {
  const config = virtualServer('', 'TCP_CHECK {\n connect_ip 10.9.9.1\n}');
  const mails: number[] = [];
  for (const noCheckerEmails of [false, true]) {
    const pool = new CheckedPool(config, { noCheckerEmails });
    pool.keeper.start();
    pool.good[0] = false;
    mails.push((await pool.round()).filter(line => line.startsWith('mail')).length);
  }
  // the first server has two checkers that fail, the others one each
  assert.deepEqual(mails, [4, 3]);
});

test('rs_init_notifies: servers that are there from the start are told of, once', () => {
  const config = virtualServer('', 'notify_up /bin/up');
  const pool = new CheckedPool(config, { rsInitNotifies: true, checked: false });
  pool.keeper.start();
  assert.deepEqual(pool.said.slice(0, 2), ['RS [10.0.0.1]:tcp:80 [10.1.1.1]:tcp:80 UP', 'run /bin/up']);
  assert.deepEqual(pool.said.slice(6), ['VS [10.1.1.1]:tcp:80 UP']);
  const quiet = new CheckedPool(config, { checked: false });
  quiet.keeper.start();
  assert.deepEqual(quiet.said, ['VS [10.1.1.1]:tcp:80 UP']);
});

test('the sorry server takes what is new while the quorum is lost, others keep what they have', () => {
  const config = virtualServer('quorum 3\n sorry_server 10.0.0.9 80');
  const aside = { weight: 0, gone: false, closed: true };
  const before = newPool(config);
  assert.deepEqual(serverStates(config, before).at(-1), aside);
  const { pool } = changeServer(config, before, 0, false);
  assert.deepEqual(serverStates(config, pool), [
    { weight: 0, gone: true },
    aside,
    aside,
    { weight: 1, gone: false },
  ]);
});

test('weights that a program says count for the quorum, too', () => {
  const config = virtualServer('quorum 3');
  const after = changeWeight(config, newPool(config), 0, 0);
  assert.deepEqual(after.changes, [{ kind: 'quorum', up: false, sum: 2 }]);
  assert.equal(serverStates(config, after.pool)[0]?.weight, 0);
});
