/** Virtual addresses without a balancer tell systemd how they are, without an option, as keepalived does. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LB } from '../support/balancer.ts';
import { Lab, Watched } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';

const INSTANCE = `vrrp_instance V {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    10.9.0.100
  }
}
`;

test('systemd hears of start, reloads and stop', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'socat')) return;
  const lab = Lab.create(t, ['a']);
  const socket = join(lab.folder, 'notify');
  const path = join(lab.folder, 'keepalived.conf');
  writeFileSync(path, INSTANCE);
  const socat = spawn('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
  t.after(() => socat.kill());
  const told = new Watched(socat);
  const lb = lab.start('a', 'env', [`NOTIFY_SOCKET=${socket}`, LB, '-k', path]);
  const hears = async (pattern: RegExp, act: () => unknown): Promise<void> => {
    const from = told.lines.length;
    await act();
    await told.line(pattern, from);
  };
  await told.line(/^READY=1$/);
  await told.line(new RegExp(`^MAINPID=${lb.child.pid}$`));
  await hears(/^STATUS=Ready\.$/, () => hears(/^RELOADING=1$/, () => lb.signal('SIGHUP')));
  writeFileSync(path, `includem missing.conf\n${INSTANCE}`);
  await hears(/^STATUS=Reload failed!$/, () => lb.signal('SIGHUP'));
  await hears(/^STOPPING=1$/, () => lb.signal('SIGTERM'));
  await lb.ended;
});
